#include "caffe/ops/simd/lrn_tiling.hpp"

#include <algorithm>

namespace caffe::simd {

namespace {

// Elements of the widest vector; rows of arrays begin at multiples of it.
constexpr int64_t kVector = 16;
// Elements of a tile. Arrays of a small one stay in the first cache, of others in the second: what
// is read in short runs is better read in fewer.
constexpr int64_t kSmallTile = 2048, kTile = 16384;

int64_t round_up(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }

int64_t parts(int64_t whole, int64_t part) { return (whole + part - 1) / part; }

}  // namespace

LrnTiling::LrnTiling(const LrnGeometry& g, int64_t block) : items_(g.batch) {
  item_size_ = round_up(g.channels, block) * g.height * g.width;
  if (g.within_channel) {
    cut_images(g, block);
  } else {
    cut_pixels(g, block);
  }
  for (int i = 0; i < axes; ++i) margin += axis[i].reach * axis[i].step;
  margin = round_up(margin, kVector);
  const int64_t most = wide_ ? rows_ : std::min(rows_, band_ + 2 * halo_);
  array_size = most * array_row + 2 * margin;
}

// A tile is all channels of some pixels.
void LrnTiling::cut_pixels(const LrnGeometry& g, int64_t block) {
  const int64_t pixels = g.height * g.width;
  // Beyond the first and the last channel there is nothing to reach.
  const int64_t reach = std::min((g.size - 1) / 2, g.channels - 1);
  if (block == 1 && pixels == 1) block = g.channels;  // then it is channels-last order, too
  if (block == 1) {
    // Vectors run along pixels: a row is a channel.
    wide_ = true;
    rows_ = g.channels;
    lanes_ = last_lanes_ = pixels;
    band_ = std::clamp(round_up(kTile / g.channels, kVector), 2 * kVector, 16 * kVector);
    band_ = std::min(band_, round_up(pixels, kVector));
    bands_ = parts(pixels, band_);
    blob_row = pixels;
    array_row = band_;
    axis[0] = {array_row, reach};
    return;
  }
  // Vectors run along channels: a row is a pixel, a column is a block.
  rows_ = pixels;
  columns_ = parts(g.channels, block);
  lanes_ = last_lanes_ = block;
  blob_row = block;
  blob_column = pixels * block;
  array_column = block;
  array_row = round_up(std::max(columns_ * block, g.channels + reach), kVector);
  band_ = std::max<int64_t>(kSmallTile / array_row, 1);
  bands_ = parts(pixels, band_);
  axis[0] = {1, reach};
}

// A tile is some lines of the image of one channel, or of channels side by side.
void LrnTiling::cut_images(const LrnGeometry& g, int64_t block) {
  const int64_t reach = (g.size - 1) / 2;
  const bool last = block == g.channels && block > kVector;  // all channels are side by side
  const int64_t side = last ? kVector : block;               // channels of a group
  groups_ = parts(g.channels, side);
  rows_ = g.height;
  blob_row = g.width * block;
  if (last) {
    group_size_ = side;
    columns_ = g.width;
    lanes_ = side;
    last_lanes_ = g.channels - (groups_ - 1) * side;
    blob_column = block;
    array_column = side;
  } else {
    group_size_ = g.height * blob_row;
    lanes_ = last_lanes_ = blob_row;
  }
  axes = 2;
  axis[0] = {side, std::min(reach, g.width - 1)};
  array_row = round_up((g.width + axis[0].reach) * side, kVector);
  axis[1] = {array_row, std::min(reach, g.height - 1)};
  // Gradients depend on windows around those that an element is in. A halo is computed in vain,
  // so a band must be larger.
  halo_ = 2 * axis[1].reach;
  band_ = std::max(kTile / array_row, 4 * halo_);
  if (band_ + halo_ >= rows_) band_ = rows_;
  bands_ = parts(rows_, band_);
}

LrnTile LrnTiling::tile(int64_t index) const {
  const int64_t group = index / bands_ % groups_, begin = index % bands_ * band_;
  const int64_t first = index / bands_ / groups_ * item_size_ + group * group_size_;
  if (wide_) return {first + begin, rows_, 1, std::min(band_, lanes_ - begin), 0, rows_};
  const int64_t end = std::min(begin + band_, rows_);
  const int64_t from = std::max<int64_t>(begin - halo_, 0), to = std::min(end + halo_, rows_);
  return {first + from * blob_row,
          to - from,
          columns_,
          group + 1 == groups_ ? last_lanes_ : lanes_,
          begin - from,
          end - begin};
}

}  // namespace caffe::simd
