// Indices stored as floating-point values.
#pragma once

#include <cmath>
#include <cstdint>

#include "caffe/error.hpp"

namespace caffe {

// `value` as an index. Throws kNumeric, calling it `name`, unless it is an integer in
// 0..count-1.
template <typename T>
int64_t checked_index(T value, int64_t count, const char* name) {
  require(value == std::floor(value) && value >= T(0) && value < static_cast<T>(count),
          Code::kNumeric, name, " ", value, " is not an integer in 0..", count - 1);
  return static_cast<int64_t>(value);
}

}  // namespace caffe
