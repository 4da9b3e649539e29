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

// More values than are done at once, with weights.
TEST(EuclideanLossLayer, LargeOnes) {
  using Case = LayerCase<double>;
  Case layer("type: 'EuclideanLoss'", {{3, 17001}, {3, 17001}, {3}});
  const std::vector<double> weights = {0.5, 3, -1};
  Case::set(layer.bottom(2), weights);
  layer.propagate() = {true, true, false};
  const double value = layer.setup().forward();
  Case::set_diff(layer.top(), {1});
  layer.backward();
  const double *a = layer.bottom(0).cpu_data(), *b = layer.bottom(1).cpu_data();
  double sum = 0;
  for (int i = 0; i < 3 * 17001; ++i) {
    const double weight = weights[i / 17001];
    sum += weight * (a[i] - b[i]) * (a[i] - b[i]);
    ASSERT_NEAR(layer.bottom(0).cpu_diff()[i], weight * (a[i] - b[i]) / 3, 1e-15);
    ASSERT_NEAR(layer.bottom(1).cpu_diff()[i], weight * (b[i] - a[i]) / 3, 1e-15);
  }
  EXPECT_NEAR(value, sum / 6, 1e-9);
}

TEST(EuclideanLossLayer, Errors) {
  LayerCase<float> layer("type: 'EuclideanLoss'", {{2, 3}, {2, 2}});
  expect_error(Code::kShape, "as many elements each", [&] { layer.setup(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
