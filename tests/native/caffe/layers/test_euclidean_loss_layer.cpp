#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

TEST(EuclideanLossLayer, Forward) {
  LayerCase<float> layer("type: 'EuclideanLoss'", {{2, 2}, {2, 2}});
  LayerCase<float>::set(layer.bottom(0), {1, 2, 3, 4});
  LayerCase<float>::set(layer.bottom(1), {1, 0, 0, 0});
  EXPECT_FLOAT_EQ(layer.setup().forward(), (4 + 9 + 16) / 4.f);
}

TEST(EuclideanLossLayer, Gradient) {
  check_gradients("type: 'EuclideanLoss'", {{2, 3}, {2, 3}});
  check_gradients("type: 'EuclideanLoss' loss_weight: 3", {{2, 3}, {2, 3, 1}});
}

TEST(EuclideanLossLayer, Errors) {
  LayerCase<float> layer("type: 'EuclideanLoss'", {{2, 3}, {2, 2}});
  expect_error(Code::kShape, "as many elements each", [&] { layer.setup(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
