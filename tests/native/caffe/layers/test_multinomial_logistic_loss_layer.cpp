#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<double>;

Case probabilities(const std::string& fields = "") {
  Case layer("type: 'MultinomialLogisticLoss' " + fields, {{2, 3}, {2}});
  Case::set(layer.bottom(0), {0.2, 0.5, 0.3, 0.7, 0.1, 0.2});
  Case::set(layer.bottom(1), {1, 2});
  layer.propagate() = {true, false};
  return layer;
}

TEST(MultinomialLogisticLossLayer, Forward) {
  Case layer = probabilities();
  EXPECT_NEAR(layer.setup().forward(), -(std::log(0.5) + std::log(0.2)) / 2, 1e-12);
}

TEST(MultinomialLogisticLossLayer, Gradient) {
  for (const char* fields : {"", "loss_weight: 3"}) {
    Case layer = probabilities(fields);
    check_gradients(layer);
  }
}

TEST(MultinomialLogisticLossLayer, AProbabilityOfZeroIsFinite) {
  Case layer = probabilities();
  Case::set(layer.bottom(0), {1, 0, 0, 0, 0, 1});
  EXPECT_NEAR(layer.setup().forward(), -std::log(1e-20) / 2, 1e-9);
  layer.backward();
  EXPECT_NEAR(Case::diff(layer.bottom())[1], -0.5e20, 1e10);
  EXPECT_EQ(Case::diff(layer.bottom())[0], 0);
}

// More items than are done at once, by the formula.
TEST(MultinomialLogisticLossLayer, LargeOnes) {
  const int64_t items = 17001;
  Case layer("type: 'MultinomialLogisticLoss'", {{items, 2}, {items}});
  std::vector<double> p(items * 2), labels(items);
  for (int64_t i = 0; i < items; ++i) {
    labels[i] = static_cast<double>(i % 3 % 2);
    p[2 * i] = static_cast<double>(i % 100 + 1) / 101;
    p[2 * i + 1] = 1 - p[2 * i];
  }
  Case::set(layer.bottom(0), p);
  Case::set(layer.bottom(1), labels);
  layer.propagate() = {true, false};
  const double value = layer.setup().forward();
  Case::set_diff(layer.top(), {1});
  layer.backward();
  double sum = 0;
  for (int64_t i = 0; i < items; ++i) {
    const auto at = 2 * i + static_cast<int64_t>(labels[i]);
    sum -= std::log(p[at]);
    ASSERT_NEAR(layer.bottom().cpu_diff()[at], -1 / (items * p[at]), 1e-12);
    ASSERT_EQ(layer.bottom().cpu_diff()[at ^ 1], 0);
  }
  EXPECT_NEAR(value, sum / items, 1e-9);
}

TEST(MultinomialLogisticLossLayer, Errors) {
  LayerCase<float> count("type: 'MultinomialLogisticLoss'", {{2, 3}, {2, 2}});
  expect_error(Code::kShape, "need 2 labels", [&] { count.setup(); });
  Case range = probabilities();
  Case::set(range.bottom(1), {1, -1});
  range.setup();
  expect_error(Code::kNumeric, "label -1 of item 1 is not in 0..2", [&] { range.forward(); });
  Case target = probabilities();
  target.propagate() = {false, true};
  target.setup().forward();
  expect_error(Code::kUnsupported, "its targets", [&] { target.backward(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
