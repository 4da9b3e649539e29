#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

TEST(ELULayer, Forward) {
  LayerCase<double> layer("type: 'ELU' elu_param { alpha: 2 }", {{3}});
  LayerCase<double>::set(layer.bottom(), {-1, 0, 3});
  layer.setup().forward();
  EXPECT_NEAR(layer.top().cpu_data()[0], 2 * (std::exp(-1.0) - 1), 1e-15);
  EXPECT_EQ(layer.top().cpu_data()[1], 0);
  EXPECT_EQ(layer.top().cpu_data()[2], 3);
}

TEST(ELULayer, Gradient) {
  for (const char* alpha : {"1", "0.3", "-0.5"}) {
    SCOPED_TRACE(alpha);
    const std::string text = cat("type: 'ELU' elu_param { alpha: ", alpha, " }");
    LayerCase<double> apart(text, {{2, 5}}), in_place(text, {{2, 5}});
    check_gradients(apart);
    check_gradients(in_place.in_place());
  }
}

}  // namespace
}  // namespace test
}  // namespace caffe
