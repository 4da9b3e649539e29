// Labels: class numbers stored as floating-point values.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

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

// What read_labels has for a label that is to be ignored.
constexpr int64_t kIgnoredLabel = -1;

// The classes of all `labels`, cut to integers; kIgnoredLabel for those that are `ignored`, if it
// is given. Throws kNumeric, naming the item, if another one is not in 0..classes-1. `inner`:
// labels per item.
template <typename T>
std::vector<int64_t> read_labels(const Blob<T>& labels, int64_t inner, int64_t classes,
                                 const int64_t* ignored = nullptr) {
  const T* values = labels.data().read();
  const int64_t count = labels.count();
  std::vector<int64_t> read(count);
  int64_t wrong = count;  // the first one
#pragma omp parallel for schedule(static) reduction(min : wrong) if (count > 16384)
  for (int64_t i = 0; i < count; ++i) {
    if (ignored != nullptr && is_label(values[i], *ignored)) {
      read[i] = kIgnoredLabel;
      continue;
    }
    const bool fits = values[i] > T(-1) && values[i] < static_cast<T>(classes);
    read[i] = fits ? static_cast<int64_t>(values[i]) : 0;
    if (!fits) wrong = std::min(wrong, i);
  }
  if (wrong < count) {
    fail(Code::kNumeric, "label ", values[wrong], " of item ", wrong / inner, " is not in 0..",
         classes - 1);
  }
  return read;
}

}  // namespace caffe
