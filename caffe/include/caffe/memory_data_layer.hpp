// MemoryData: a layer that goes through items which the caller gave it.
#pragma once

#include <vector>

#include "caffe/layer.hpp"

namespace caffe {

// Tops: data (batch_size, channels, height, width) and labels (batch_size, 1, 1, 1), all extents
// from memory_data_param. Every pass takes the next batch_size items and starts over after the
// last one. transform_param is not applied, as in Caffe.
template <typename T>
class MemoryDataLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  // The items from now on, which are copied: `items` labels, and channels * height * width values
  // for each. Throws kInvalidArgument unless items is a positive multiple of batch_size, and kShape
  // unless data_count is the number of values of so many items; the old items then stay.
  void reset(const T* data, int64_t data_count, const T* labels, int64_t items);

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override;
  const char* type() const override { return "MemoryData"; }
  CountRange bottom_count() const override { return {0, 0}; }
  CountRange top_count() const override { return {2, 2}; }

 protected:
  void layer_setup(const BlobVec<T>& bottom, const BlobVec<T>& top) override;
  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override;
  void backward_pass(const BlobVec<T>&, const std::vector<bool>&, const BlobVec<T>&) override {}

 private:
  Shape shape_;
  std::vector<T> data_, labels_;
  int64_t next_ = 0;
};

}  // namespace caffe
