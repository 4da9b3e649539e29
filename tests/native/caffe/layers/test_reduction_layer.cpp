#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

std::string reduction(const std::string& fields) {
  return "type: 'Reduction' reduction_param { " + fields + " }";
}

std::vector<double> result(const std::string& fields, const Shape& top) {
  LayerCase<double> layer(reduction(fields), {{2, 2}});
  LayerCase<double>::set(layer.bottom(), {1, -2, 3, 4});
  layer.setup().forward();
  EXPECT_EQ(layer.top().shape(), top);
  return LayerCase<double>::data(layer.top());
}

TEST(ReductionLayer, Operations) {
  EXPECT_EQ(result("", {}), (std::vector<double>{6}));
  EXPECT_EQ(result("axis: 1", {2}), (std::vector<double>{-1, 7}));
  EXPECT_EQ(result("axis: -1 operation: ASUM", {2}), (std::vector<double>{3, 7}));
  EXPECT_EQ(result("axis: 1 operation: SUMSQ coeff: 2", {2}), (std::vector<double>{10, 50}));
  EXPECT_EQ(result("operation: MEAN coeff: -2", {}), (std::vector<double>{-3}));
}

TEST(ReductionLayer, Gradient) {
  for (const char* operation : {"SUM", "ASUM", "SUMSQ", "MEAN"}) {
    for (const char* axis : {"0", "1", "-1"}) {
      SCOPED_TRACE(cat(operation, " axis ", axis));
      check_gradients(reduction(cat("operation: ", operation, " coeff: 1.5 axis: ", axis)),
                      {{2, 3, 4}});
    }
  }
}

TEST(ReductionLayer, AbsoluteSumHasSlopeZeroAtZero) {
  LayerCase<double> layer(reduction("operation: ASUM"), {{1}});
  LayerCase<double>::set(layer.bottom(), {0});
  layer.setup().forward();
  LayerCase<double>::set_diff(layer.top(), {1});
  layer.backward();
  EXPECT_EQ(layer.bottom().cpu_diff()[0], 0);
}

// Sums of many floats do not lose those that come late.
TEST(ReductionLayer, ManyValues) {
  for (const char* operation : {"SUM", "ASUM", "SUMSQ"}) {
    LayerCase<float> layer(reduction(cat("axis: 1 operation: ", operation)), {{2, 100001}});
    std::vector<float> x(2 * 100001, 0.1f);
    x[0] = 1 << 20;
    LayerCase<float>::set(layer.bottom(), x);
    layer.setup().forward();
    const double of_one = std::string(operation) == "SUMSQ" ? 0.01 : 0.1;
    const double first = std::string(operation) == "SUMSQ" ? std::ldexp(1, 40) : 1 << 20;
    EXPECT_FLOAT_EQ(layer.top().cpu_data()[0], static_cast<float>(first + 100000 * of_one));
    EXPECT_FLOAT_EQ(layer.top().cpu_data()[1], static_cast<float>(100001 * of_one));
  }
}

TEST(ReductionLayer, Errors) {
  LayerCase<float> axis(reduction("axis: 2"), {{2, 3}});
  expect_error(Code::kShape, "axis 2 is out of range", [&] { axis.setup(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
