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

TEST(ReductionLayer, Errors) {
  LayerCase<float> axis(reduction("axis: 2"), {{2, 3}});
  expect_error(Code::kShape, "axis 2 is out of range", [&] { axis.setup(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
