#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

TEST(ThresholdLayer, Forward) {
  for (const bool in_place : {false, true}) {
    LayerCase<float> layer("type: 'Threshold' threshold_param { threshold: 0.5 }", {{3}});
    if (in_place) layer.in_place();
    LayerCase<float>::set(layer.bottom(), {-2, 0.5, 0.75});
    layer.setup().forward();
    EXPECT_EQ(LayerCase<float>::data(layer.top()), (std::vector<float>{0, 0, 1}));
  }
}

TEST(ThresholdLayer, HasNoGradient) {
  LayerCase<float> layer("type: 'Threshold'", {{3}});
  layer.setup().forward();
  expect_error(Code::kUnsupported, "a threshold has no gradient", [&] { layer.backward(); });
  layer.propagate()[0] = false;
  layer.backward();
}

}  // namespace
}  // namespace test
}  // namespace caffe
