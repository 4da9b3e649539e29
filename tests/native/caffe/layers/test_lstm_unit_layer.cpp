#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<double>;

// Cells (1, 3, 2); the second stream starts anew.
Case unit(const std::string& fields = "") {
  Case layer("type: 'LSTMUnit' " + fields, {{1, 3, 2}, {1, 3, 8}, {1, 3}}, 2);
  Case::set(layer.bottom(2), {1, 0, 1});
  layer.propagate() = {true, true, false};
  return layer;
}

double sigma(double x) { return 1 / (1 + std::exp(-x)); }

TEST(LSTMUnitLayer, Forward) {
  Case layer = unit();
  layer.setup().forward();
  const auto before = Case::data(layer.bottom(0)), gates = Case::data(layer.bottom(1));
  for (int n = 0; n < 3; ++n) {
    for (int d = 0; d < 2; ++d) {
      const double* g = gates.data() + n * 8 + d;
      const double kept = n == 1 ? 0 : sigma(g[2]) * before[n * 2 + d];
      const double c = kept + sigma(g[0]) * std::tanh(g[6]);
      EXPECT_NEAR(Case::data(layer.top(0))[n * 2 + d], c, 1e-12);
      EXPECT_NEAR(Case::data(layer.top(1))[n * 2 + d], sigma(g[4]) * std::tanh(c), 1e-12);
    }
  }
}

TEST(LSTMUnitLayer, Gradient) {
  for (const char* fields : {"loss_weight: 1 loss_weight: 0", "loss_weight: 0.5 loss_weight: -2",
                             "loss_weight: 1e-9 loss_weight: 1"}) {
    SCOPED_TRACE(fields);
    Case layer = unit(fields);
    check_gradients(layer);
  }
  Case in_place = unit();
  check_gradients(in_place.in_place());
}

TEST(LSTMUnitLayer, OneGradientWithoutTheOther) {
  const char* fields = "loss_weight: 0.5 loss_weight: -2";
  Case both = unit(fields);
  both.setup().forward();
  both.backward();
  for (int wanted : {0, 1}) {
    Case one = unit(fields);
    one.propagate() = {wanted == 0, wanted == 1, false};
    one.setup().forward();
    one.backward();
    EXPECT_EQ(Case::diff(one.bottom(wanted)), Case::diff(both.bottom(wanted)));
    EXPECT_TRUE(one.bottom(1 - wanted).diff().is_zero());
  }
}

TEST(LSTMUnitLayer, Errors) {
  LayerCase<float> cell("type: 'LSTMUnit'", {{3, 2}, {1, 3, 8}, {1, 3}}, 2);
  expect_error(Code::kShape, "its cell (bottom 0)", [&] { cell.setup(); });
  LayerCase<float> gates("type: 'LSTMUnit'", {{1, 3, 2}, {1, 3, 6}, {1, 3}}, 2);
  expect_error(Code::kShape, "bottom 1 must have shape 1 3 8", [&] { gates.setup(); });
  LayerCase<float> cont("type: 'LSTMUnit'", {{1, 3, 2}, {1, 3, 8}, {1, 2}}, 2);
  expect_error(Code::kShape, "bottom 2 must have shape 1 3", [&] { cont.setup(); });
  Case target = unit();
  target.propagate() = {true, true, true};
  target.setup().forward();
  expect_error(Code::kUnsupported, "sequence indicators (bottom 2)", [&] { target.backward(); });
  EXPECT_FALSE(target.layer().allow_force_backward(2));
}

}  // namespace
}  // namespace test
}  // namespace caffe
