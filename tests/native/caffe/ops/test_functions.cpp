#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "caffe/ops/functions.hpp"

namespace caffe {
namespace test {
namespace {

TEST(ArrayFunctions, AreTheLibrarysInDoublePrecision) {
  const std::vector<double> x = {-0.75, -1e-9, 0, 0.3, 1, 7.5};
  std::vector<double> y(x.size());
  const auto count = static_cast<int64_t>(x.size());
  const auto expect = [&](double (*truth)(double)) {
    for (size_t i = 0; i < x.size(); ++i) EXPECT_DOUBLE_EQ(y[i], truth(x[i])) << x[i];
  };
  array_exp(x.data(), count, y.data());
  expect(std::exp);
  array_expm1(x.data(), count, y.data());
  expect(std::expm1);
  array_log1p(x.data(), count, y.data());
  expect(std::log1p);
  array_tanh(x.data(), count, y.data());
  expect(std::tanh);
  array_sigmoid(x.data(), count, y.data());
  expect([](double v) { return 1 / (1 + std::exp(-v)); });
  array_log(x.data() + 3, 3, y.data() + 3);
  EXPECT_DOUBLE_EQ(y[3], std::log(0.3));
  array_pow(x.data() + 3, 1.7, 3, y.data() + 3);
  EXPECT_DOUBLE_EQ(y[5], std::pow(7.5, 1.7));
}

TEST(ArrayFunctions, PowersThatAreNotFinite) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> x = {0.5f, 1, 2, -1};
  std::vector<float> y(4);
  array_pow(x.data(), infinity, 4, y.data());
  EXPECT_EQ(y, (std::vector<float>{0, 1, infinity, 1}));
  array_pow(x.data(), -infinity, 4, y.data());
  EXPECT_EQ(y, (std::vector<float>{infinity, 1, 0, 1}));
  array_pow(x.data(), std::numeric_limits<float>::quiet_NaN(), 4, y.data());
  EXPECT_TRUE(std::isnan(y[0]));
  EXPECT_EQ(y[1], 1);
}

TEST(ArrayFunctions, BlocksCoverAllValuesOnce) {
  for (const int64_t count : {int64_t{0}, int64_t{1}, kArrayBlock, 2 * kArrayBlock + 3}) {
    int64_t next = 0;
    for_array_blocks(count, [&](int64_t first, int64_t n) {
      EXPECT_EQ(first, next);
      EXPECT_LE(n, kArrayBlock);
      next += n;
    });
    EXPECT_EQ(next, count);
  }
}

}  // namespace
}  // namespace test
}  // namespace caffe
