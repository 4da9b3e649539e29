// Labels: class numbers stored as floating-point values.
#pragma once

#include <cmath>
#include <cstdint>

#include "caffe/layer.hpp"

namespace caffe {

// Throws kShape unless bottom 1 holds `expected` labels; `what` bottom 0 holds, for the message.
template <typename T>
void check_label_count(const BlobVec<T>& bottom, int64_t expected, const char* what) {
  require(bottom[1]->count() == expected, Code::kShape, what, " of shape ",
          shape_string(bottom[0]->shape()), " need ", expected, " labels, but they have shape ",
          shape_string(bottom[1]->shape()));
}

// Whether `value`, cut to an integer, is `label`.
template <typename T>
bool is_label(T value, int64_t label) {
  return std::isfinite(value) && std::fabs(value) < T(1e15) && static_cast<int64_t>(value) == label;
}

// The class at position `index` of `labels`, cut to an integer. Throws kNumeric, naming the
// item, unless it is `ignored` or lies in 0..classes-1. `inner`: positions per item.
template <typename T>
int64_t checked_label(const T* labels, int64_t index, int64_t inner, int64_t classes,
                      bool has_ignored, int64_t ignored) {
  const T value = labels[index];
  const bool fits = std::isfinite(value) && std::fabs(value) < T(1e15);
  const int64_t label = fits ? static_cast<int64_t>(value) : -1;
  if (fits && has_ignored && label == ignored) return label;
  require(fits && label >= 0 && label < classes, Code::kNumeric, "label ", value, " of item ",
          index / inner, " is not in 0..", classes - 1);
  return label;
}

}  // namespace caffe
