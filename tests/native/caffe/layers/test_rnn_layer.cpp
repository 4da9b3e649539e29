#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"
#include "support/recurrent_case.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<double>;

Case rnn(bool with_static, bool exposed, const std::string& more = "") {
  return recurrent_case("RNN", {with_static, exposed, 1, 3, more});
}

TEST(RNNLayer, FollowsItsDefinition) {
  for (bool with_static : {false, true}) {
    Case layer = rnn(with_static, true);
    layer.setup().forward();
    const int output = with_static ? 4 : 3;
    for (int n = 0; n < 2; ++n) {
      const double* h0 = layer.bottom(with_static ? 3 : 2).cpu_data() + n * 3;
      std::vector<double> h(h0, h0 + 3);
      for (int t = 0; t < 3; ++t) {
        std::vector<double> next;
        for (int d = 0; d < 3; ++d) {
          next.push_back(std::tanh(gate_value(layer, with_static, t, n, d, h)));
        }
        h = next;
        for (int d = 0; d < 3; ++d) {
          const double o = std::tanh(row_times(layer.blob(output), d, h.data()) +
                                     layer.blob(output + 1).cpu_data()[d]);
          EXPECT_NEAR(layer.top(0).cpu_data()[(t * 2 + n) * 3 + d], o, 1e-12);
        }
      }
      for (int d = 0; d < 3; ++d) {
        EXPECT_NEAR(layer.top(1).cpu_data()[n * 3 + d], h[d], 1e-12);
      }
    }
  }
}

TEST(RNNLayer, Gradient) {
  for (bool with_static : {false, true}) {
    Case plain = rnn(with_static, false);
    check_gradients(plain);
    Case exposed = rnn(with_static, true, "loss_weight: 1 loss_weight: 0");
    check_gradients(exposed);
  }
}

// As in Caffe, whose inner net lends the states' values and not their gradients.
TEST(RNNLayer, StatesCarryNoGradient) {
  Case layer = rnn(false, true);
  layer.setup().forward();
  layer.propagate() = {true, false, true};
  for (int i = 1; i <= 1; ++i) Case::set_diff(layer.top(i), std::vector<double>(6, 1));
  Case::set_diff(layer.bottom(2), std::vector<double>(6, 1));
  layer.backward();
  EXPECT_EQ(Case::diff(layer.bottom(0)), std::vector<double>(24, 0));
  EXPECT_EQ(Case::diff(layer.bottom(2)), std::vector<double>(6, 0));
}

TEST(RNNLayer, ParametersAreThoseOfCaffe) {
  Case layer = rnn(true, false);
  layer.setup();
  ASSERT_EQ(layer.layer().blobs().size(), 6u);
  const Shape shapes[] = {{3, 4}, {3}, {3, 5}, {3, 3}, {3, 3}, {3}};
  for (int i = 0; i < 6; ++i) EXPECT_EQ(layer.blob(i).shape(), shapes[i]) << i;
}

TEST(RNNLayer, AStreamGoesOnInTheNextPass) {
  for (double reset : {0., 1.}) {
    std::vector<double> halves, whole;
    run_in_halves("RNN", {0, 0, 1, 1, 1, reset, 1, 1}, &halves, &whole);
    for (size_t i = 0; i < whole.size(); ++i) EXPECT_NEAR(halves[i], whole[i], 1e-12) << i;
  }
}

// A layer that changes the top in place does not change what backward sees.
TEST(RNNLayer, TheTopMayBeOverwritten) {
  Case layer = rnn(false, false);
  layer.setup().forward();
  Case::set_diff(layer.top(), std::vector<double>(18, 1));
  layer.backward();
  const auto expected = Case::diff(layer.bottom(0));
  Case::set(layer.top(), std::vector<double>(18, 0));
  layer.backward();
  EXPECT_EQ(Case::diff(layer.bottom(0)), expected);
}

TEST(RNNLayer, Errors) {
  LayerCase<float> bottoms("type: 'RNN' recurrent_param { num_output: 3 }", {{3, 2, 4}});
  expect_error(Code::kBadNet, "takes 2 to 3 bottom", [&] { bottoms.setup(); });
  LayerCase<float> exposed("type: 'RNN' recurrent_param { num_output: 3 expose_hidden: true }",
                           {{3, 2, 4}, {3, 2}}, 2);
  expect_error(Code::kBadNet, "takes 3 to 4 bottom", [&] { exposed.setup(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
