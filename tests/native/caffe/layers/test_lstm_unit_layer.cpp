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

// More cells than are done at once, in single precision.
TEST(LSTMUnitLayer, ManyCells) {
  using Case = LayerCase<float>;
  const int64_t size = 1100;
  Case layer("type: 'LSTMUnit'", {{1, 2, size}, {1, 2, 4 * size}, {1, 2}}, 2);
  Case::set(layer.bottom(2), {1, 0});
  layer.propagate() = {true, true, false};
  layer.setup().forward();
  std::vector<float> dc(2 * size, 0.75f), dh(2 * size, -1.5f);
  Case::set_diff(layer.top(0), dc);
  Case::set_diff(layer.top(1), dh);
  layer.backward();
  const float *before = layer.bottom(0).cpu_data(), *gates = layer.bottom(1).cpu_data();
  for (int64_t k = 0; k < 2 * size; ++k) {
    const int64_t first = k / size * 4 * size + k % size;
    const double cont = k < size ? 1 : 0, i = sigma(gates[first]);
    const double f = cont * sigma(gates[first + size]), o = sigma(gates[first + 2 * size]);
    const double g = std::tanh(gates[first + 3 * size]), c = f * before[k] + i * g;
    const double t = std::tanh(c), q = 0.75 - 1.5 * o * (1 - t * t);
    const float* dgates = layer.bottom(1).cpu_diff() + first;
    ASSERT_NEAR(layer.top(0).cpu_data()[k], c, 1e-6);
    ASSERT_NEAR(layer.top(1).cpu_data()[k], o * t, 1e-6);
    ASSERT_NEAR(layer.bottom(0).cpu_diff()[k], q * f, 2e-6);
    ASSERT_NEAR(dgates[0], q * g * i * (1 - i), 2e-6);
    ASSERT_NEAR(dgates[size], q * before[k] * f * (1 - f), 2e-6);
    ASSERT_NEAR(dgates[2 * size], -1.5 * t * o * (1 - o), 2e-6);
    ASSERT_NEAR(dgates[3 * size], q * i * (1 - g * g), 2e-6);
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
