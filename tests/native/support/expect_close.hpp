// Comparison with values that Caffe computed in float.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "support/npz.hpp"

namespace caffe {
namespace test {

// |a - b| <= 1e-4 + 1e-4 |b| + share * max |b| for `count` values from `first` on. Reports
// one failure at most.
inline void expect_close(const std::string& what, const float* actual, const NpyArray& expected,
                         float share = 1e-4f, size_t first = 0, size_t count = SIZE_MAX) {
  count = std::min(count, expected.values.size() - first);
  float largest = 0;
  for (size_t i = 0; i < count; ++i) {
    largest = std::max(largest, std::fabs(expected.values[first + i]));
  }
  for (size_t i = 0; i < count; ++i) {
    const float b = expected.values[first + i];
    const float tolerance = 1e-4f + 1e-4f * std::fabs(b) + share * largest;
    if (!(std::fabs(actual[i] - b) <= tolerance)) {
      ADD_FAILURE() << what << " element " << i << ": " << actual[i] << ", Caffe has " << b;
      return;
    }
  }
}

}  // namespace test
}  // namespace caffe
