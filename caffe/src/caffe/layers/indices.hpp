// Indices stored as floating-point values.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "caffe/blob.hpp"

namespace caffe {

// The values of a blob as indices. Throws kNumeric, calling them `name`, unless all are integers in
// 0..limit-1.
template <typename T>
std::vector<int64_t> read_indices(const Blob<T>& blob, int64_t limit, const char* name) {
  const T* values = blob.data().read();
  const int64_t count = blob.count();
  std::vector<int64_t> indices(count);
  int64_t wrong = count;  // the first one
#pragma omp parallel for schedule(static) reduction(min : wrong) if (count > 16384)
  for (int64_t i = 0; i < count; ++i) {
    const T value = values[i];
    const bool fits = value == std::floor(value) && value >= T(0) && value < static_cast<T>(limit);
    indices[i] = fits ? static_cast<int64_t>(value) : 0;
    if (!fits) wrong = std::min(wrong, i);
  }
  if (wrong < count) {
    fail(Code::kNumeric, name, " ", values[wrong], " is not an integer in 0..", limit - 1);
  }
  return indices;
}

}  // namespace caffe
