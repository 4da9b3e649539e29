#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

TEST(AbsValLayer, Forward) {
  LayerCase<float> layer("type: 'AbsVal'", {{3}});
  LayerCase<float>::set(layer.bottom(), {-2, 0, 3});
  layer.setup().forward();
  EXPECT_EQ(LayerCase<float>::data(layer.top()), (std::vector<float>{2, 0, 3}));
  LayerCase<float>::set_diff(layer.top(), {5, 5, 5});
  layer.backward();
  EXPECT_EQ(LayerCase<float>::diff(layer.bottom()), (std::vector<float>{-5, 0, 5}));
}

TEST(AbsValLayer, Gradient) { check_gradients("type: 'AbsVal'", {{2, 5}}); }

}  // namespace
}  // namespace test
}  // namespace caffe
