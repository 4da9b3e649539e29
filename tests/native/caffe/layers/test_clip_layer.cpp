#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

const char kText[] = "type: 'Clip' clip_param { min: -0.5 max: 0.25 }";

TEST(ClipLayer, Forward) {
  LayerCase<float> layer(kText, {{5}});
  LayerCase<float>::set(layer.bottom(), {-1, -0.5, 0, 0.25, 3});
  layer.setup().forward();
  EXPECT_EQ(LayerCase<float>::data(layer.top()), (std::vector<float>{-0.5, -0.5, 0, 0.25, 0.25}));
  LayerCase<float>::set_diff(layer.top(), {1, 2, 3, 4, 5});
  layer.backward();
  EXPECT_EQ(LayerCase<float>::diff(layer.bottom()), (std::vector<float>{0, 2, 3, 4, 0}));
}

TEST(ClipLayer, Gradient) {
  LayerCase<double> apart(kText, {{3, 7}}), in_place(kText, {{3, 7}});
  check_gradients(apart);
  check_gradients(in_place.in_place());
}

TEST(ClipLayer, Errors) {
  LayerCase<float> layer("type: 'Clip'", {{1}});
  expect_error(Code::kBadNet, "clip_param needs min and max", [&] { layer.setup(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
