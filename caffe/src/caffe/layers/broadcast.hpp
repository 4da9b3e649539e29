// How Bias and Scale spread a small operand over a larger blob.
#pragma once

#include <algorithm>

#include "caffe/layer.hpp"

namespace caffe {

// x is seen as (outer, middle, inner); the operand has `middle` values.
struct Broadcast {
  int64_t outer = 1, middle = 1, inner = 1;
};

// The shape of a learned operand: the axes [axis, axis + num_axes) of x; num_axes -1 means
// to the end, 0 a scalar.
template <typename T>
Shape operand_shape(const Blob<T>& x, int axis, int num_axes) {
  require(num_axes >= -1, Code::kBadNet, "num_axes must be at least -1, is ", num_axes);
  if (num_axes == 0) return {};
  const int first = x.canonical_axis(axis);
  const int last = num_axes == -1 ? x.num_axes() : first + num_axes;
  require(last <= x.num_axes(), Code::kShape, "axis ", axis, " and num_axes ", num_axes,
          " reach beyond the axes of shape ", shape_string(x.shape()));
  return Shape(x.shape().begin() + first, x.shape().begin() + last);
}

// Lines `operand` up with the axes of x that start at `axis`.
template <typename T>
Broadcast broadcast(const Blob<T>& x, const Blob<T>& operand, int axis) {
  const int first = operand.num_axes() == 0 ? 0 : x.canonical_axis(axis);
  const int last = first + operand.num_axes();
  const bool fits =
      last <= x.num_axes() &&
      std::equal(operand.shape().begin(), operand.shape().end(), x.shape().begin() + first);
  require(fits, Code::kShape, "an operand of shape ", shape_string(operand.shape()),
          " does not match shape ", shape_string(x.shape()), " from axis ", first, " on");
  return {x.count(0, first), operand.count(), x.count(last)};
}

}  // namespace caffe
