#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "caffe/filler.hpp"
#include "caffe/io.hpp"
#include "support/expect_error.hpp"

namespace caffe {
namespace test {
namespace {

struct Statistics {
  double mean = 0, deviation = 0, low = 0, high = 0;
};

std::vector<double> filled(const std::string& text, const Shape& shape) {
  FillerParameter param;
  parse_text(text, "test", &param);
  Random random(3);
  Blob<double> blob(shape);
  fill(param, random, &blob);
  return {blob.cpu_data(), blob.cpu_data() + blob.count()};
}

Statistics statistics(const std::vector<double>& values) {
  Statistics s;
  double squares = 0;
  for (double v : values) {
    s.mean += v / values.size();
    squares += v * v / values.size();
  }
  s.deviation = std::sqrt(squares - s.mean * s.mean);
  s.low = *std::min_element(values.begin(), values.end());
  s.high = *std::max_element(values.begin(), values.end());
  return s;
}

TEST(Filler, Constant) {
  EXPECT_EQ(filled("type: 'constant' value: 2.5", {3}), std::vector<double>(3, 2.5));
  EXPECT_EQ(filled("", {2}), std::vector<double>(2, 0));  // the default
}

TEST(Filler, Uniform) {
  const Statistics s = statistics(filled("type: 'uniform' min: -1 max: 3", {100, 100}));
  EXPECT_NEAR(s.mean, 1, 0.05);
  EXPECT_NEAR(s.low, -1, 0.01);
  EXPECT_NEAR(s.high, 3, 0.01);
}

TEST(Filler, Gaussian) {
  const Statistics s = statistics(filled("type: 'gaussian' mean: 1 std: 0.5", {100, 100}));
  EXPECT_NEAR(s.mean, 1, 0.02);
  EXPECT_NEAR(s.deviation, 0.5, 0.02);
}

TEST(Filler, SparseGaussianKeepsSparsePerOutput) {
  // Kept with probability sparse / shape(0) = 0.2.
  const std::vector<double> values = filled("type: 'gaussian' std: 1 sparse: 20", {100, 100});
  const auto zeros = std::count(values.begin(), values.end(), 0.0);
  EXPECT_NEAR(static_cast<double>(zeros), 8000, 200);
}

TEST(Filler, Xavier) {
  // fan_in 50, fan_out 200 * 5: limit sqrt(3 / n).
  const Shape shape = {200, 10, 5};
  const struct {
    const char* norm;
    double n;
  } kCases[] = {{"FAN_IN", 50}, {"FAN_OUT", 1000}, {"AVERAGE", 525}};
  for (const auto& c : kCases) {
    const Statistics s = statistics(filled(cat("type: 'xavier' variance_norm: ", c.norm), shape));
    EXPECT_NEAR(s.high, std::sqrt(3 / c.n), 0.01 * std::sqrt(3 / c.n)) << c.norm;
    EXPECT_NEAR(s.deviation, std::sqrt(1 / c.n), 0.05 * std::sqrt(1 / c.n)) << c.norm;
  }
}

TEST(Filler, Msra) {
  const Statistics s = statistics(filled("type: 'msra'", {200, 10, 5}));
  EXPECT_NEAR(s.deviation, std::sqrt(2 / 50.0), 0.01);
  const Statistics out = statistics(filled("type: 'msra' variance_norm: FAN_OUT", {10000}));
  EXPECT_NEAR(out.deviation, std::sqrt(2 / 10000.0), 0.001);  // one axis: fan_out is the count
}

TEST(Filler, PositiveUnitball) {
  const std::vector<double> values = filled("type: 'positive_unitball'", {4, 25});
  for (int row = 0; row < 4; ++row) {
    double sum = 0;
    for (int i = 0; i < 25; ++i) {
      EXPECT_GE(values[row * 25 + i], 0);
      sum += values[row * 25 + i];
    }
    EXPECT_NEAR(sum, 1, 1e-12);
  }
}

TEST(Filler, Bilinear) {
  // k 4: f 2, c 3/4: 1 - |x/2 - 3/4| is 1/4, 3/4, 3/4, 1/4.
  const std::vector<double> line = {0.25, 0.75, 0.75, 0.25};
  const std::vector<double> values = filled("type: 'bilinear'", {2, 1, 4, 4});
  for (int i = 0; i < 32; ++i) {
    EXPECT_DOUBLE_EQ(values[i], line[i % 4] * line[i / 4 % 4]) << i;
  }
}

TEST(Filler, Errors) {
  const auto attempt = [](const std::string& text, const Shape& shape) {
    return [=] { filled(text, shape); };
  };
  expect_error(Code::kBadNet, "unknown filler type 'nope' (known types: bilinear, constant",
               attempt("type: 'nope'", {1}));
  expect_error(Code::kBadNet, "sparse is for gaussian only",
               attempt("type: 'uniform' sparse: 1", {1}));
  expect_error(Code::kBadNet, "std must be >= 0", attempt("type: 'gaussian' std: -1", {1}));
  expect_error(Code::kBadNet, "square kernel", attempt("type: 'bilinear'", {1, 1, 2, 3}));
  expect_error(Code::kBadNet, "at least one axis", attempt("type: 'positive_unitball'", {}));
}

}  // namespace
}  // namespace test
}  // namespace caffe
