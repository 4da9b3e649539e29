#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

TEST(ScaleLayer, StartsAsTheIdentity) {
  LayerCase<double> layer("type: 'Scale' scale_param { bias_term: true }", {{2, 3, 2}});
  layer.setup().forward();
  EXPECT_EQ(layer.blob(0).shape(), (Shape{3}));
  EXPECT_EQ(layer.blob(1).shape(), (Shape{3}));
  EXPECT_EQ(LayerCase<double>::data(layer.top()), LayerCase<double>::data(layer.bottom()));
}

TEST(ScaleLayer, ScalesAndShifts) {
  LayerCase<double> layer("type: 'Scale' scale_param { bias_term: true }", {{1, 2, 2}});
  layer.setup();
  LayerCase<double>::set(layer.bottom(), {1, 2, 3, 4});
  LayerCase<double>::set(layer.blob(0), {10, 100});
  LayerCase<double>::set(layer.blob(1), {1, 2});
  layer.forward();
  EXPECT_EQ(LayerCase<double>::data(layer.top()), (std::vector<double>{11, 21, 302, 402}));
}

TEST(ScaleLayer, Gradient) {
  const char* filled = "filler { type: 'gaussian' } bias_filler { type: 'gaussian' } ";
  for (const char* fields :
       {"bias_term: true", "axis: 0 num_axes: 2", "num_axes: 0", "num_axes: -1 bias_term: true"}) {
    SCOPED_TRACE(fields);
    const std::string text = cat("type: 'Scale' scale_param { ", filled, fields, " }");
    LayerCase<double> apart(text, {{2, 3, 2}}), in_place(text, {{2, 3, 2}});
    check_gradients(apart);
    check_gradients(in_place.in_place());
  }
  check_gradients("type: 'Scale'", {{2, 3, 2}, {3}});
  check_gradients("type: 'Scale' scale_param { axis: 0 bias_term: true }", {{2, 3, 2}, {2, 3}});
}

TEST(ScaleLayer, Errors) {
  LayerCase<float> shape("type: 'Scale'", {{2, 3}, {2}});
  expect_error(Code::kShape, "does not match shape 2 3", [&] { shape.setup(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
