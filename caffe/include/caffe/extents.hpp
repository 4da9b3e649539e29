// Arithmetic on extents that parameters of layers take part in: it throws kShape where the result
// would not be a number of elements.
#pragma once

#include <cstdint>
#include <limits>

#include "caffe/error.hpp"

namespace caffe {

inline int64_t extent_product(int64_t a, int64_t b) {
  int64_t result = 0;
  require(!__builtin_mul_overflow(a, b, &result), Code::kShape, a, " times ", b,
          " are too many elements");
  return result;
}

inline int64_t extent_sum(int64_t a, int64_t b) {
  int64_t result = 0;
  require(!__builtin_add_overflow(a, b, &result), Code::kShape, a, " and ", b,
          " are too many elements");
  return result;
}

// A field of a window: Caffe keeps them in an int, and products of two fit into 64 bits then.
inline int64_t window_extent(const char* name, int64_t value) {
  require(value <= std::numeric_limits<int32_t>::max(), Code::kBadNet, name, " ", value,
          " is larger than ", std::numeric_limits<int32_t>::max());
  return value;
}

// An old field for an axis, which does not count from the end as the new one does.
inline int unsigned_axis(const char* name, uint32_t value) {
  require(value <= static_cast<uint32_t>(std::numeric_limits<int32_t>::max()), Code::kBadNet, name,
          " ", value, " is no axis; to count from the end use axis");
  return static_cast<int>(value);
}

}  // namespace caffe
