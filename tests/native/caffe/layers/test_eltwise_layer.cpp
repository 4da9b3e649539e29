#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<float>;

std::vector<float> result(const std::string& fields) {
  Case layer("type: 'Eltwise' eltwise_param { " + fields + " }", {{3}, {3}, {3}});
  Case::set(layer.bottom(0), {1, 2, 3});
  Case::set(layer.bottom(1), {4, -5, 3});
  Case::set(layer.bottom(2), {0, 7, 3});
  layer.setup().forward();
  return Case::data(layer.top());
}

TEST(EltwiseLayer, Operations) {
  EXPECT_EQ(result(""), (std::vector<float>{5, 4, 9}));
  EXPECT_EQ(result("coeff: 1 coeff: -1 coeff: 2"), (std::vector<float>{-3, 21, 6}));
  EXPECT_EQ(result("operation: PROD"), (std::vector<float>{0, -70, 27}));
  EXPECT_EQ(result("operation: MAX"), (std::vector<float>{4, 7, 3}));
}

TEST(EltwiseLayer, MaximumBreaksTiesAsCaffeDoes) {
  Case layer("type: 'Eltwise' eltwise_param { operation: MAX }", {{1}, {1}, {1}});
  for (int i = 0; i < 3; ++i) Case::set(layer.bottom(i), {2});
  layer.setup().forward();
  Case::set_diff(layer.top(), {1});
  layer.backward();
  EXPECT_EQ(layer.bottom(0).cpu_diff()[0], 0);
  EXPECT_EQ(layer.bottom(1).cpu_diff()[0], 1);
  EXPECT_EQ(layer.bottom(2).cpu_diff()[0], 0);
}

TEST(EltwiseLayer, Gradient) {
  for (const char* fields : {"", "coeff: 2 coeff: -0.5 coeff: 1", "operation: PROD",
                             "operation: PROD stable_prod_grad: false", "operation: MAX"}) {
    SCOPED_TRACE(fields);
    const std::string text = cat("type: 'Eltwise' eltwise_param { ", fields, " }");
    check_gradients(text, {{2, 3}, {2, 3}, {2, 3}});
  }
}

TEST(EltwiseLayer, GradientInPlace) {
  for (const char* fields : {"coeff: 2 coeff: 3", "operation: PROD",
                             "operation: PROD stable_prod_grad: false", "operation: MAX"}) {
    SCOPED_TRACE(fields);
    LayerCase<double> layer(cat("type: 'Eltwise' eltwise_param { ", fields, " }"),
                            {{2, 3}, {2, 3}});
    check_gradients(layer.in_place());
  }
}

TEST(EltwiseLayer, Errors) {
  const std::string text = "type: 'Eltwise' eltwise_param { ";
  Case shapes(text + "}", {{2}, {3}});
  expect_error(Code::kShape, "all bottoms must have one shape", [&] { shapes.setup(); });
  Case coefficients(text + "coeff: 1 }", {{2}, {2}});
  expect_error(Code::kBadNet, "coeff must be given once per bottom", [&] { coefficients.setup(); });
  Case product(text + "operation: PROD coeff: 1 coeff: 1 }", {{2}, {2}});
  expect_error(Code::kBadNet, "no meaning for PROD", [&] { product.setup(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
