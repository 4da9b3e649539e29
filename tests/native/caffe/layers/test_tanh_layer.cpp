#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

TEST(TanHLayer, Forward) {
  LayerCase<float> layer("type: 'TanH'", {{2, 3}});
  layer.setup().forward();
  EXPECT_EQ(layer.top().shape(), (Shape{2, 3}));
  for (int i = 0; i < 6; ++i) {
    EXPECT_FLOAT_EQ(layer.top().cpu_data()[i], std::tanh(layer.bottom().cpu_data()[i]));
  }
}

TEST(TanHLayer, Gradient) {
  LayerCase<double> apart("type: 'TanH'", {{2, 3}}), in_place("type: 'TanH'", {{2, 3}});
  check_gradients(apart);
  check_gradients(in_place.in_place());
}

}  // namespace
}  // namespace test
}  // namespace caffe
