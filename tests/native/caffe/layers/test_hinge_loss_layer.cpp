#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<double>;

Case margins(const std::string& fields) {
  Case layer("type: 'HingeLoss' " + fields, {{2, 3}, {2}});
  Case::set(layer.bottom(0), {0.5, -2, 0, 3, 0.25, -0.5});
  Case::set(layer.bottom(1), {0, 1});
  layer.propagate() = {true, false};
  return layer;
}

// Margins by hand: 1 - 0.5, 0, 1 + 0 and 1 + 3, 1 - 0.25, 1 - 0.5.
TEST(HingeLossLayer, Forward) {
  Case l1 = margins(""), l2 = margins("hinge_loss_param { norm: L2 }");
  EXPECT_NEAR(l1.setup().forward(), (0.5 + 0 + 1 + 4 + 0.75 + 0.5) / 2, 1e-12);
  EXPECT_NEAR(l2.setup().forward(), (0.25 + 1 + 16 + 0.5625 + 0.25) / 2, 1e-12);
  EXPECT_EQ(l1.top().num_axes(), 0);
}

TEST(HingeLossLayer, Gradient) {
  for (const char* fields : {"", "loss_weight: 2.5", "hinge_loss_param { norm: L2 }",
                             "hinge_loss_param { norm: L2 } loss_weight: 0.5"}) {
    SCOPED_TRACE(fields);
    Case layer = margins(fields);
    check_gradients(layer);
  }
}

TEST(HingeLossLayer, AxesFromTheSecondOnAreClasses) {
  Case layer("type: 'HingeLoss'", {{1, 2, 2, 1}, {1, 1, 1, 1}});
  Case::set(layer.bottom(0), {1, 1, 1, 1});
  Case::set(layer.bottom(1), {3});
  EXPECT_NEAR(layer.setup().forward(), 6, 1e-12);
}

TEST(HingeLossLayer, NaNIsNotHidden) {
  Case layer = margins("");
  Case::set(layer.bottom(0), {std::nan(""), 0, 0, 0, 0, 0});
  EXPECT_TRUE(std::isnan(layer.setup().forward()));
}

// More classes than are done at once, by the formula.
TEST(HingeLossLayer, LargeOnes) {
  for (const bool squared : {false, true}) {
    Case layer(cat("type: 'HingeLoss' hinge_loss_param { norm: ", squared ? "L2" : "L1", " }"),
               {{3, 17001}, {3}, {3}});
    const std::vector<double> labels = {0, 700, 17000}, weights = {0.5, 3, 1};
    Case::set(layer.bottom(1), labels);
    Case::set(layer.bottom(2), weights);
    layer.propagate() = {true, false, false};
    const double value = layer.setup().forward();
    Case::set_diff(layer.top(), {1});
    layer.backward();
    const double *x = layer.bottom().cpu_data(), *dx = layer.bottom().cpu_diff();
    double sum = 0;
    for (int i = 0; i < 3 * 17001; ++i) {
      const double d = i % 17001 == labels[i / 17001] ? -1 : 1, m = std::max(0.0, 1 + d * x[i]);
      const double weight = weights[i / 17001];
      sum += weight * (squared ? m * m : m);
      ASSERT_NEAR(dx[i], weight / 3 * d * (squared ? 2 * m : m > 0), 1e-12) << i;
    }
    EXPECT_NEAR(value, sum / 3, 1e-9 * sum);
  }
}

TEST(HingeLossLayer, Errors) {
  LayerCase<float> count("type: 'HingeLoss'", {{2, 3}, {2, 3}});
  expect_error(Code::kShape, "need 2 labels", [&] { count.setup(); });
  Case range = margins("");
  Case::set(range.bottom(1), {0, 3});
  range.setup();
  expect_error(Code::kNumeric, "label 3 of item 1 is not in 0..2", [&] { range.forward(); });
  Case target = margins("");
  target.propagate() = {true, true};
  target.setup().forward();
  expect_error(Code::kUnsupported, "its targets", [&] { target.backward(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
