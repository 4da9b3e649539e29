#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

const char kText[] = "type: 'BatchReindex'";

TEST(BatchReindexLayer, PicksItems) {
  LayerCase<float> layer(kText, {{3, 2}, {4}});
  LayerCase<float>::set(layer.bottom(0), {1, 2, 3, 4, 5, 6});
  LayerCase<float>::set(layer.bottom(1), {2, 0, 2, 1});
  layer.setup().forward();
  EXPECT_EQ(layer.top().shape(), (Shape{4, 2}));
  EXPECT_EQ(LayerCase<float>::data(layer.top()), (std::vector<float>{5, 6, 1, 2, 5, 6, 3, 4}));
}

TEST(BatchReindexLayer, Gradient) {
  LayerCase<double> layer(kText, {{3, 2, 2}, {5}});
  LayerCase<double>::set(layer.bottom(1), {2, 0, 2, 2, 0});
  layer.propagate()[1] = false;
  check_gradients(layer);
}

TEST(BatchReindexLayer, Errors) {
  LayerCase<float> axes(kText, {{3, 2}, {4, 1}});
  expect_error(Code::kShape, "indices (bottom 1) must have one axis", [&] { axes.setup(); });
  for (const float index : {3.f, -1.f, 0.5f, NAN}) {
    LayerCase<float> layer(kText, {{3, 2}, {1}});
    LayerCase<float>::set(layer.bottom(1), {index});
    layer.setup();
    expect_error(Code::kNumeric, "is not an integer in 0..2", [&] { layer.forward(); });
  }
  LayerCase<float> wanted(kText, {{3, 2}, {1}});
  LayerCase<float>::set(wanted.bottom(1), {1});
  wanted.setup().forward();
  expect_error(Code::kUnsupported, "cannot give its indices", [&] { wanted.backward(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
