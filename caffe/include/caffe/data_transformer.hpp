// What transform_param does to the items of data layers.
#pragma once

#include <vector>

#include "caffe/blob.hpp"
#include "caffe/image.hpp"
#include "caffe/item.hpp"
#include "caffe/random.hpp"

namespace caffe {

// values = (item - mean) * scale, of the whole item or of a square of crop_size: in phase TRAIN
// anywhere in it, in TEST at its centre, (height - crop_size) / 2 rows down; with `mirror` one item
// in two is turned left to right. The mean is a mean_file (BlobProto of the item's shape, each
// value with the place where it is in the whole item) or a mean_value per channel or for all.
// Each item draws in the order mirror, row, column.
template <typename T>
class DataTransformer {
 public:
  // Throws kBadNet for fields that contradict each other, kIo or kParse for the mean_file.
  // seeds: gives the seed of the draws, if there are any.
  DataTransformer(const TransformationParameter& param, Phase phase, Random* seeds);

  // Later draws come from a seed that `seeds` gives now.
  void reseed(Random* seeds);

  ColorMode color_mode() const;
  // Shape of what such an item becomes. Throws kShape if the mean or the crop do not fit it.
  Shape shape(const Item& item) const;
  // values: room for the product of shape(item). Throws kShape too.
  void transform(const Item& item, T* values);

 private:
  template <typename V>
  void fill(const Item& item, const V* from, T* values);
  // Draws where the part of an item lies.
  CropPlace draw_place(const Item& item, const ImageSize& size);

  TransformationParameter param_;
  Phase phase_;
  Random random_;
  Shape mean_shape_;      // C, H, W; empty without a mean_file
  std::vector<T> means_;  // of the mean_file
};

}  // namespace caffe
