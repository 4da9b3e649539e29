#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

TEST(SilenceLayer, HasNoTopsAndNoGradient) {
  LayerCase<float> layer("type: 'Silence'", {{2}, {3}}, 0);
  LayerCase<float>::set_diff(layer.bottom(0), {1, 2});
  LayerCase<float>::set_diff(layer.bottom(1), {1, 2, 3});
  layer.propagate() = {true, false};
  EXPECT_EQ(layer.setup().forward(), 0);
  layer.backward();
  EXPECT_EQ(LayerCase<float>::diff(layer.bottom(0)), (std::vector<float>{0, 0}));
  EXPECT_EQ(LayerCase<float>::diff(layer.bottom(1)), (std::vector<float>{1, 2, 3}));
}

}  // namespace
}  // namespace test
}  // namespace caffe
