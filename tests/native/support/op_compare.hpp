// Storages with random values, and ops of two back ends side by side.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "caffe/error.hpp"
#include "caffe/ops/backend.hpp"
#include "caffe/storage.hpp"

namespace caffe {
namespace test {

inline void fill_random(Storage<float>& storage, std::mt19937& generator) {
  std::uniform_real_distribution<float> uniform(-1, 1);
  float* values = storage.write();
  for (size_t i = 0; i < storage.count(); ++i) values[i] = uniform(generator);
  storage.written();
}

// Sums of `terms` products may round differently.
inline void expect_equal(const char* what, Storage<float>& actual, Storage<float>& expected,
                         double terms) {
  const float *a = actual.read(), *b = expected.read();
  const double tolerance = 2e-6 * (2 + std::sqrt(terms)) * (1 + std::sqrt(terms));
  for (size_t i = 0; i < expected.count(); ++i) {
    if (!(std::fabs(a[i] - b[i]) <= tolerance)) {
      ADD_FAILURE() << what << " element " << i << ": " << a[i] << ", reference has " << b[i];
      return;
    }
  }
}

// The op that `create` makes when back ends are asked in this order.
template <typename Create>
auto make_op(std::vector<Backend> order, const Create& create) {
  const BackendScope scope(std::move(order));
  return create();
}

// Null if oneDNN declines this geometry.
template <typename Create>
auto make_onednn_op(const Create& create) -> decltype(create()) {
  try {
    return make_op({Backend::kOneDnn}, create);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kUnsupported) << e.what();
    return nullptr;
  }
}

}  // namespace test
}  // namespace caffe
