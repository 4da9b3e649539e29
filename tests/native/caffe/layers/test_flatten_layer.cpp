#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

Shape flattened(const std::string& fields) {
  LayerCase<float> layer("type: 'Flatten' flatten_param { " + fields + " }", {{2, 3, 4, 5}});
  return layer.setup().top().shape();
}

TEST(FlattenLayer, Shapes) {
  EXPECT_EQ(flattened(""), (Shape{2, 60}));
  EXPECT_EQ(flattened("axis: 2"), (Shape{2, 3, 20}));
  EXPECT_EQ(flattened("axis: 0 end_axis: -2"), (Shape{24, 5}));
  EXPECT_EQ(flattened("axis: 1 end_axis: 1"), (Shape{2, 3, 4, 5}));
}

TEST(FlattenLayer, SharesMemory) {
  LayerCase<float> layer("type: 'Flatten'", {{2, 3, 4}});
  layer.setup().forward();
  EXPECT_EQ(layer.top().cpu_data(), layer.bottom().cpu_data());
  EXPECT_EQ(layer.top().diff_ptr(), layer.bottom().diff_ptr());
  layer.bottom().reshape({5, 3, 4});
  layer.forward();
  EXPECT_EQ(layer.top().shape(), (Shape{5, 12}));
  EXPECT_EQ(layer.top().cpu_data(), layer.bottom().cpu_data());
}

TEST(FlattenLayer, Gradient) { check_gradients("type: 'Flatten'", {{2, 3, 2}}); }

TEST(FlattenLayer, Errors) {
  expect_error(Code::kBadNet, "lies behind end_axis", [] { flattened("axis: 2 end_axis: 1"); });
  expect_error(Code::kShape, "out of range", [] { flattened("axis: 4"); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
