#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

TEST(BNLLLayer, Forward) {
  LayerCase<double> layer("type: 'BNLL'", {{4}});
  LayerCase<double>::set(layer.bottom(), {0, 1, -1, 1000});
  layer.setup().forward();
  EXPECT_NEAR(layer.top().cpu_data()[0], std::log(2.), 1e-15);
  EXPECT_NEAR(layer.top().cpu_data()[1], std::log(1 + std::exp(1.)), 1e-14);
  EXPECT_NEAR(layer.top().cpu_data()[2], std::log(1 + std::exp(-1.)), 1e-14);
  EXPECT_EQ(layer.top().cpu_data()[3], 1000);
  LayerCase<double>::set_diff(layer.top(), {1, 1, 1, 1});
  layer.backward();
  EXPECT_EQ(layer.bottom().cpu_diff()[3], 1);
}

TEST(BNLLLayer, Gradient) {
  LayerCase<double> apart("type: 'BNLL'", {{2, 5}}), in_place("type: 'BNLL'", {{2, 5}});
  check_gradients(apart);
  check_gradients(in_place.in_place());
}

}  // namespace
}  // namespace test
}  // namespace caffe
