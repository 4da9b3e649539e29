// How LRN is cut into tiles, in any order of channel blocks.
#pragma once

#include <cstdint>

#include "caffe/ops/lrn_op.hpp"

namespace caffe::simd {

// All that some results depend on: rows of columns of lanes. Lanes are neighbours in memory.
struct LrnTile {
  int64_t first;                 // the element of the blob that the tile begins with
  int64_t rows, columns, lanes;  // what is read
  int64_t skipped, written;      // rows without results at the beginning, and rows of results
};

// A kernel copies a tile into arrays of its own, in which zeros stand around it and between its
// rows. There a window is a sum of elements at fixed distances, whatever the order in memory is.
class LrnTiling {
 public:
  // Neighbours along an axis lie `step` apart; a window takes in `reach` of them on either side.
  struct Axis {
    int64_t step = 0, reach = 0;
  };

  // block: see Format::channel_block.
  LrnTiling(const LrnGeometry& geometry, int64_t block);

  int64_t tiles() const { return items_ * groups_ * bands_; }
  LrnTile tile(int64_t index) const;

  // Distances between rows and between columns in the blob, and in an array.
  int64_t blob_row = 0, blob_column = 0, array_row = 0, array_column = 0;
  // Along channels, or along the lines of an image and across them.
  Axis axis[2];
  int axes = 1;
  // Zeros before and behind the largest tile in an array, and the elements of all.
  int64_t margin = 0, array_size = 0;

 private:
  void cut_pixels(const LrnGeometry& geometry, int64_t block);
  void cut_images(const LrnGeometry& geometry, int64_t block);

  // The blob is items of groups, a group is cut into bands: of rows or, where `wide_`, of lanes.
  const int64_t items_;
  int64_t item_size_ = 0, groups_ = 1, group_size_ = 0, bands_ = 1, band_ = 0;
  int64_t rows_ = 0, columns_ = 1, lanes_ = 0, last_lanes_ = 0;  // of a group, and of the last one
  int64_t halo_ = 0;  // rows on either side of a band that its results depend on
  bool wide_ = false;
};

}  // namespace caffe::simd
