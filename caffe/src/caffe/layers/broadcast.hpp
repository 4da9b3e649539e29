// How Bias and Scale spread a small operand over a larger blob.
#pragma once

#include <algorithm>
#include <vector>

#include "caffe/layer.hpp"
#include "caffe/ops/channel_blocks.hpp"

namespace caffe {

// The shape of a learned operand: the axes [axis, axis + num_axes) of x; num_axes -1 means
// to the end, 0 a scalar.
template <typename T>
Shape operand_shape(const Blob<T>& x, int axis, int num_axes) {
  require(num_axes >= -1, Code::kBadNet, "num_axes must be at least -1, is ", num_axes);
  if (num_axes == 0) return {};
  const int first = x.canonical_axis(axis);
  const int last = num_axes == -1 ? x.num_axes() : first + std::min(num_axes, kMaxBlobAxes + 1);
  require(last <= x.num_axes(), Code::kShape, "axis ", axis, " and num_axes ", num_axes,
          " reach beyond the axes of shape ", shape_string(x.shape()));
  return Shape(x.shape().begin() + first, x.shape().begin() + last);
}

// Lines `operand` up with the axes of x that start at `axis`: its values are what the result calls
// channels.
template <typename T>
ChannelBlocks broadcast(const Blob<T>& x, const Blob<T>& operand, int axis) {
  const int first = operand.num_axes() == 0 ? 0 : x.canonical_axis(axis);
  const int last = first + operand.num_axes();
  const bool fits =
      last <= x.num_axes() &&
      std::equal(operand.shape().begin(), operand.shape().end(), x.shape().begin() + first);
  require(fits, Code::kShape, "an operand of shape ", shape_string(operand.shape()),
          " does not match shape ", shape_string(x.shape()), " from axis ", first, " on");
  return {x.count(0, first), operand.count(), x.count(last)};
}

// The format to work in: x's if the operand has a value for each of its channels, else plain.
template <typename T>
FormatPtr broadcast_format(const Blob<T>& x, const ChannelBlocks& extents) {
  const bool channels = x.num_axes() >= 2 && extents.items == x.dim(0) &&
                        extents.channels == x.dim(1) && extents.pixels == x.count(2);
  return channels ? channel_format(x) : nullptr;
}

// Adds sums over the repeats of an operand's values to its gradient.
template <typename T, typename Sum>
void add_sums(const std::vector<Sum>& sums, Storage<T>* gradient) {
  T* out = gradient->read_write();
  for (size_t i = 0; i < gradient->count(); ++i) out[i] += static_cast<T>(sums[i]);
  gradient->written();
}

}  // namespace caffe
