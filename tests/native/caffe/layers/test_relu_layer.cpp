#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<float>;

TEST(ReLULayer, ForwardCutsAtZero) {
  Case layer("type: 'ReLU'", {{4}});
  Case::set(layer.bottom(), {-2, 0, 0.5, 3});
  layer.setup().forward();
  EXPECT_EQ(Case::data(layer.top()), (std::vector<float>{0, 0, 0.5, 3}));
  Case::set_diff(layer.top(), {1, 2, 3, 4});
  layer.backward();
  EXPECT_EQ(Case::diff(layer.bottom()), (std::vector<float>{0, 0, 3, 4}));
}

TEST(ReLULayer, NegativeSlope) {
  Case layer("type: 'ReLU' relu_param { negative_slope: 0.5 }", {{3}});
  Case::set(layer.bottom(), {-2, 0, 3});
  layer.setup().forward();
  EXPECT_EQ(Case::data(layer.top()), (std::vector<float>{-1, 0, 3}));
  Case::set_diff(layer.top(), {1, 1, 1});
  layer.backward();
  EXPECT_EQ(Case::diff(layer.bottom()), (std::vector<float>{0.5, 0.5, 1}));
}

TEST(ReLULayer, NaNStaysVisible) {
  Case layer("type: 'ReLU'", {{2}});
  Case::set(layer.bottom(), {std::nanf(""), 1});
  layer.setup().forward();
  EXPECT_TRUE(std::isnan(layer.top().cpu_data()[0]));
}

TEST(ReLULayer, LargeArraysRunInParts) {
  Case layer("type: 'ReLU'", {{3, 20000}});
  layer.setup().forward();
  const float* x = layer.bottom().cpu_data();
  for (int i = 0; i < 60000; ++i) ASSERT_EQ(layer.top().cpu_data()[i], std::max(x[i], 0.f)) << i;
}

TEST(ReLULayer, Gradient) {
  for (const char* slope : {"0", "0.1", "-0.5"}) {
    SCOPED_TRACE(slope);
    const std::string text = cat("type: 'ReLU' relu_param { negative_slope: ", slope, " }");
    LayerCase<double> apart(text, {{2, 3, 4}}), in_place(text, {{2, 3, 4}});
    check_gradients(apart);
    check_gradients(in_place.in_place());
  }
}

}  // namespace
}  // namespace test
}  // namespace caffe
