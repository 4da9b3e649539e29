#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

Shape reshaped(const std::string& fields) {
  LayerCase<float> layer("type: 'Reshape' reshape_param { " + fields + " }", {{2, 3, 4}});
  return layer.setup().top().shape();
}

TEST(ReshapeLayer, Shapes) {
  EXPECT_EQ(reshaped("shape { dim: 6 dim: 4 }"), (Shape{6, 4}));
  EXPECT_EQ(reshaped("shape { dim: 0 dim: -1 }"), (Shape{2, 12}));
  EXPECT_EQ(reshaped("shape { dim: 6 } num_axes: 2"), (Shape{6, 4}));
  EXPECT_EQ(reshaped("shape { dim: 3 dim: -1 } axis: 1 num_axes: 1"), (Shape{2, 3, 1, 4}));
  EXPECT_EQ(reshaped("shape { dim: 1 } axis: -1 num_axes: 0"), (Shape{2, 3, 4, 1}));
  EXPECT_EQ(reshaped("shape { dim: 12 } axis: -3"), (Shape{2, 12}));
}

TEST(ReshapeLayer, SharesMemory) {
  LayerCase<float> layer("type: 'Reshape' reshape_param { shape { dim: -1 } }", {{2, 3}});
  layer.setup().forward();
  EXPECT_EQ(layer.top().cpu_data(), layer.bottom().cpu_data());
}

TEST(ReshapeLayer, Gradient) {
  check_gradients("type: 'Reshape' reshape_param { shape { dim: 3 dim: -1 } }", {{2, 3}});
}

TEST(ReshapeLayer, Errors) {
  const struct {
    const char* fields;
    Code code;
    const char* part;
  } kCases[] = {
      {"shape { dim: 5 }", Code::kShape, "cannot be seen as 5"},
      {"shape { dim: 5 dim: -1 }", Code::kShape, "cannot be seen as"},
      {"shape { dim: -1 dim: -1 }", Code::kBadNet, "more than one -1"},
      {"shape { dim: -2 }", Code::kBadNet, "below -1"},
      {"shape { dim: 2 dim: 3 dim: 4 dim: 0 }", Code::kBadNet, "no axis there to copy"},
      {"axis: 4", Code::kBadNet, "axis 4 is out of range"},
      {"axis: 2 num_axes: 2", Code::kBadNet, "reach beyond the axes"},
      {"num_axes: -2", Code::kBadNet, "num_axes must be at least -1"},
  };
  for (const auto& c : kCases) {
    expect_error(c.code, c.part, [&] { reshaped(c.fields); });
  }
}

}  // namespace
}  // namespace test
}  // namespace caffe
