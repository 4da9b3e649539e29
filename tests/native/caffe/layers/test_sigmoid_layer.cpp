#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

TEST(SigmoidLayer, ForwardDoesNotOverflow) {
  LayerCase<double> layer("type: 'Sigmoid'", {{4}});
  LayerCase<double>::set(layer.bottom(), {0, 1, -1000, 1000});
  layer.setup().forward();
  const double* y = layer.top().cpu_data();
  EXPECT_DOUBLE_EQ(y[0], 0.5);
  EXPECT_NEAR(y[1], 1 / (1 + std::exp(-1.0)), 1e-15);
  EXPECT_DOUBLE_EQ(y[2], 0);
  EXPECT_DOUBLE_EQ(y[3], 1);
}

TEST(SigmoidLayer, Gradient) {
  LayerCase<double> apart("type: 'Sigmoid'", {{2, 3}}), in_place("type: 'Sigmoid'", {{2, 3}});
  check_gradients(apart);
  check_gradients(in_place.in_place());
}

}  // namespace
}  // namespace test
}  // namespace caffe
