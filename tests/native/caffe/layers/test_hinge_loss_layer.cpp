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
