#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

TEST(SwishLayer, Forward) {
  LayerCase<double> layer("type: 'Swish' swish_param { beta: 2 }", {{3}});
  LayerCase<double>::set(layer.bottom(), {-1, 0, 3});
  layer.setup().forward();
  EXPECT_NEAR(layer.top().cpu_data()[0], -1 / (1 + std::exp(2.)), 1e-15);
  EXPECT_EQ(layer.top().cpu_data()[1], 0);
  EXPECT_NEAR(layer.top().cpu_data()[2], 3 / (1 + std::exp(-6.)), 1e-14);
}

TEST(SwishLayer, Gradient) {
  for (const char* beta : {"1", "2.5", "-1", "0"}) {
    SCOPED_TRACE(beta);
    const std::string text = cat("type: 'Swish' swish_param { beta: ", beta, " }");
    LayerCase<double> apart(text, {{2, 5}}), in_place(text, {{2, 5}});
    check_gradients(apart);
    check_gradients(in_place.in_place());
  }
}

}  // namespace
}  // namespace test
}  // namespace caffe
