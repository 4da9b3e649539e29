#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

TEST(BiasLayer, Broadcasts) {
  LayerCase<double> channels("type: 'Bias' bias_param { filler { value: 2 } }", {{2, 3, 2}});
  channels.setup();
  EXPECT_EQ(channels.blob(0).shape(), (Shape{3}));
  LayerCase<double>::set(channels.blob(0), {1, 10, 100});
  channels.forward();
  const double b[] = {1, 10, 100};
  for (int i = 0; i < 12; ++i) {
    EXPECT_DOUBLE_EQ(channels.top().cpu_data()[i], channels.bottom().cpu_data()[i] + b[i / 2 % 3]);
  }
  const auto blob_shape = [](const char* fields) {
    LayerCase<double> layer(cat("type: 'Bias' bias_param { ", fields, " }"), {{2, 3, 4}});
    return layer.setup().blob(0).shape();
  };
  EXPECT_EQ(blob_shape("num_axes: 2"), (Shape{3, 4}));
  EXPECT_EQ(blob_shape("num_axes: -1 axis: 0"), (Shape{2, 3, 4}));
  EXPECT_EQ(blob_shape("num_axes: 0"), (Shape{}));
}

TEST(BiasLayer, Gradient) {
  for (const char* fields : {"axis: 1", "axis: 0 num_axes: 2", "num_axes: 0", "num_axes: -1"}) {
    SCOPED_TRACE(fields);
    check_gradients(cat("type: 'Bias' bias_param { ", fields, " }"), {{2, 3, 2}});
  }
  check_gradients("type: 'Bias'", {{2, 3, 2}, {3}});
  check_gradients("type: 'Bias' bias_param { axis: 0 }", {{2, 3, 2}, {2, 3}});
  LayerCase<double> in_place("type: 'Bias'", {{2, 3, 2}});
  check_gradients(in_place.in_place());
}

TEST(BiasLayer, Errors) {
  LayerCase<float> shape("type: 'Bias'", {{2, 3}, {2}});
  expect_error(Code::kShape, "does not match shape 2 3", [&] { shape.setup(); });
  LayerCase<float> beyond("type: 'Bias' bias_param { num_axes: 3 }", {{2, 3}});
  expect_error(Code::kShape, "reach beyond the axes", [&] { beyond.setup(); });
  LayerCase<float> negative("type: 'Bias' bias_param { num_axes: -2 }", {{2, 3}});
  expect_error(Code::kBadNet, "num_axes must be at least -1", [&] { negative.setup(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
