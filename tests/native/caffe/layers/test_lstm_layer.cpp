#include <random>

#include "caffe/log.hpp"
#include "caffe/ops/backend.hpp"
#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"
#include "support/net_case.hpp"
#include "support/recurrent_case.hpp"
#include "support/temp_dir.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<double>;

Case lstm(bool with_static, bool exposed, const std::string& more = "") {
  return recurrent_case("LSTM", {with_static, exposed, 2, 3, more});
}

double sigma(double x) { return 1 / (1 + std::exp(-x)); }

TEST(LSTMLayer, FollowsItsDefinition) {
  for (bool with_static : {false, true}) {
    Case layer = lstm(with_static, true);
    layer.setup().forward();
    const int first = with_static ? 3 : 2;
    for (int n = 0; n < 2; ++n) {
      const double* h0 = layer.bottom(first).cpu_data() + n * 3;
      const double* c0 = layer.bottom(first + 1).cpu_data() + n * 3;
      std::vector<double> h(h0, h0 + 3), c(c0, c0 + 3);
      for (int t = 0; t < 3; ++t) {
        const auto gate = [&](int k, int d) {
          return gate_value(layer, with_static, t, n, k * 3 + d, h);
        };
        const double cont = layer.bottom(1).cpu_data()[t * 2 + n];
        std::vector<double> next(3);
        for (int d = 0; d < 3; ++d) {
          c[d] = cont * sigma(gate(1, d)) * c[d] + sigma(gate(0, d)) * std::tanh(gate(3, d));
          next[d] = sigma(gate(2, d)) * std::tanh(c[d]);
        }
        h = next;
        for (int d = 0; d < 3; ++d) {
          EXPECT_NEAR(layer.top(0).cpu_data()[(t * 2 + n) * 3 + d], h[d], 1e-12);
        }
      }
      for (int d = 0; d < 3; ++d) {
        EXPECT_NEAR(layer.top(1).cpu_data()[n * 3 + d], h[d], 1e-12);
        EXPECT_NEAR(layer.top(2).cpu_data()[n * 3 + d], c[d], 1e-12);
      }
    }
  }
}

TEST(LSTMLayer, Gradient) {
  for (bool with_static : {false, true}) {
    Case plain = lstm(with_static, false);
    check_gradients(plain);
    Case exposed = lstm(with_static, true, "loss_weight: 1 loss_weight: 0 loss_weight: 0");
    check_gradients(exposed);
  }
}

// As in Caffe, whose inner net lends the states' values and not their gradients.
TEST(LSTMLayer, StatesCarryNoGradient) {
  Case layer = lstm(false, true);
  layer.setup().forward();
  layer.propagate() = {true, false, true, true};
  for (int i = 1; i <= 2; ++i) Case::set_diff(layer.top(i), std::vector<double>(6, 1));
  Case::set_diff(layer.bottom(2), std::vector<double>(6, 1));
  layer.backward();
  EXPECT_EQ(Case::diff(layer.bottom(0)), std::vector<double>(24, 0));
  EXPECT_EQ(Case::diff(layer.bottom(2)), std::vector<double>(6, 0));
}

TEST(LSTMLayer, ParametersAreThoseOfCaffe) {
  Case layer = lstm(true, false);
  layer.setup();
  ASSERT_EQ(layer.layer().blobs().size(), 4u);
  EXPECT_EQ(layer.blob(0).shape(), (Shape{12, 4}));
  EXPECT_EQ(layer.blob(1).shape(), (Shape{12}));
  EXPECT_EQ(layer.blob(2).shape(), (Shape{12, 5}));
  EXPECT_EQ(layer.blob(3).shape(), (Shape{12, 3}));
}

TEST(LSTMLayer, FrozenParametersGetNoGradient) {
  Case layer = lstm(true, false);
  layer.setup().forward();
  for (int i = 0; i < 4; ++i) layer.layer().set_param_propagate_down(i, false);
  Case::set_diff(layer.top(), std::vector<double>(18, 1));
  layer.backward();
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(layer.blob(i).diff().is_zero());
  EXPECT_FALSE(layer.bottom(0).diff().is_zero());
}

TEST(LSTMLayer, AStreamGoesOnInTheNextPass) {
  for (double reset : {0., 1.}) {
    std::vector<double> halves, whole;
    run_in_halves("LSTM", {0, 0, 1, 1, 1, reset, 1, 1}, &halves, &whole);
    for (size_t i = 0; i < whole.size(); ++i) EXPECT_NEAR(halves[i], whole[i], 1e-12) << i;
  }
}

TEST(LSTMLayer, TheNumberOfStreamsMayChange) {
  Case layer = lstm(false, false);
  layer.setup().forward();
  const auto two = Case::data(layer.top());
  const auto x = Case::data(layer.bottom(0));
  layer.bottom(0).reshape({3, 1, 4});
  layer.bottom(1).reshape({3, 1});
  std::vector<double> first;
  for (int t = 0; t < 3; ++t) first.insert(first.end(), x.begin() + t * 8, x.begin() + t * 8 + 4);
  Case::set(layer.bottom(0), first);
  Case::set(layer.bottom(1), {0, 1, 0});
  layer.forward();
  EXPECT_EQ(layer.top().shape(), (Shape{3, 1, 3}));
  for (int t = 0; t < 3; ++t) {
    for (int d = 0; d < 3; ++d) {
      EXPECT_NEAR(layer.top().cpu_data()[t * 3 + d], two[t * 6 + d], 1e-12);
    }
  }
  layer.bottom(0).reshape({2, 1, 4});
  expect_error(Code::kShape, "was set up for 3 steps", [&] { layer.forward(); });
}

// Values and gradients in float, of images with a static input.
std::vector<std::vector<float>> run_images(const std::vector<Backend>& order, Phase phase) {
  const BackendScope scope(order);
  LayerCase<float> layer(
      "type: 'LSTM' recurrent_param { num_output: 17 weight_filler { type: 'xavier' } }",
      {{4, 5, 3, 6, 2}, {4, 5}, {5, 2, 4}}, 1, phase);
  LayerCase<float>::set(layer.bottom(1),
                        {0, 0, 0, 0, 0, 1, 0, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 0});
  layer.propagate() = {true, false, true};
  layer.setup().forward();
  LayerCase<float>::set_diff(layer.top(), LayerCase<float>::data(layer.top()));
  layer.backward();
  std::vector<std::vector<float>> all = {LayerCase<float>::data(layer.top()),
                                         LayerCase<float>::diff(layer.bottom(0)),
                                         LayerCase<float>::diff(layer.bottom(2))};
  for (int i = 0; i < 4; ++i) all.push_back(LayerCase<float>::diff(layer.blob(i)));
  return all;
}

TEST(LSTMLayer, BackendsAndPhasesAgree) {
  const auto expected = run_images({Backend::kReference}, TRAIN);
  for (Phase phase : {TRAIN, TEST}) {  // ops of a TEST net are made anew for backward
    const auto actual = run_images({Backend::kOneDnn, Backend::kReference}, phase);
    for (size_t i = 0; i < expected.size(); ++i) {
      for (size_t k = 0; k < expected[i].size(); ++k) {
        ASSERT_NEAR(actual[i][k], expected[i][k], 1e-5) << i << " " << k;
      }
    }
  }
}

// A net that has to say at every step what it saw at the first one.
std::unique_ptr<Solver<float>> memory_solver() {
  auto solver = make_solver(
      "type: 'Adam' base_lr: 0.02 momentum: 0.9 lr_policy: 'fixed' random_seed: 4",
      "layer { name: 'in' type: 'Input' top: 'x' top: 'cont' top: 't' input_param { "
      "  shape { dim: 5 dim: 16 dim: 1 } shape { dim: 5 dim: 16 } shape { dim: 80 dim: 1 } } }"
      "layer { name: 'lstm' type: 'LSTM' bottom: 'x' bottom: 'cont' top: 'h' recurrent_param { "
      "  num_output: 20 weight_filler { type: 'xavier' } } }"
      "layer { name: 'ip' type: 'InnerProduct' bottom: 'h' top: 'y' inner_product_param { axis: 2 "
      "  num_output: 1 weight_filler { type: 'xavier' } } }"
      "layer { name: 'flat' type: 'Flatten' bottom: 'y' top: 'f' flatten_param { axis: 0 "
      "  end_axis: 1 } }"
      "layer { name: 'l' type: 'EuclideanLoss' bottom: 'f' bottom: 't' top: 'l' }");
  std::vector<float> cont(80, 1);
  std::fill_n(cont.begin(), 16, 0.f);
  set_values(solver->net().blob("cont"), cont);
  return solver;
}

void step_on_noise(Solver<float>* solver, int steps, std::mt19937* generator) {
  for (int i = 0; i < steps; ++i) {
    std::vector<float> x(80), t(80);
    for (float& value : x) value = static_cast<float>((*generator)() % 3) - 1;
    for (int k = 0; k < 80; ++k) t[k] = x[k % 16];
    set_values(solver->net().blob("x"), x);
    set_values(solver->net().blob("t"), t);
    solver->step(1);
  }
}

TEST(LSTMLayer, LearnsToRemember) {
  std::mt19937 generator(1);
  const auto solver = memory_solver();
  step_on_noise(solver.get(), 1, &generator);
  const float before = solver->net().blob("l")->cpu_data()[0];
  step_on_noise(solver.get(), 250, &generator);
  EXPECT_LT(solver->net().blob("l")->cpu_data()[0], 0.2f * before);
}

TEST(LSTMLayer, BackendsTrainAlike) {
  std::vector<std::vector<float>> all;
  for (const auto& order : {std::vector<Backend>{Backend::kReference},
                            std::vector<Backend>{Backend::kOneDnn, Backend::kReference}}) {
    const BackendScope scope(order);
    std::mt19937 generator(1);
    const auto solver = memory_solver();
    step_on_noise(solver.get(), 5, &generator);
    all.push_back(weights(solver->net()));
  }
  for (size_t i = 0; i < all[0].size(); ++i) ASSERT_NEAR(all[0][i], all[1][i], 1e-4) << i;
}

TEST(LSTMLayer, DebugInfoLogsEveryStep) {
  TempDir dir;
  Case layer("type: 'LSTM' recurrent_param { num_output: 3 debug_info: true }",
             {{3, 2, 4}, {3, 2}});
  layer.propagate() = {true, false};
  layer.setup();
  log_to(dir / "log", LogLevel::kInfo);
  layer.forward();
  layer.backward();
  log_to("", LogLevel::kInfo);
  const std::string text = read_file(dir / "log");
  EXPECT_NE(text.find("[Forward] Layer l, step 3, h data: "), std::string::npos) << text;
  EXPECT_NE(text.find("[Backward] Layer l, step 1, gates diff: "), std::string::npos) << text;
}

TEST(LSTMLayer, Errors) {
  const std::string text = "type: 'LSTM' recurrent_param { num_output: 3 }";
  LayerCase<float> none("type: 'LSTM'", {{3, 2, 4}, {3, 2}});
  expect_error(Code::kBadNet, "num_output", [&] { none.setup(); });
  LayerCase<float> axes(text, {{3, 2}, {3, 2}});
  expect_error(Code::kShape, "(steps, streams, values...)", [&] { axes.setup(); });
  LayerCase<float> cont(text, {{3, 2, 4}, {2, 3}});
  expect_error(Code::kShape, "sequence indicators (bottom 1) must have shape 3 2",
               [&] { cont.setup(); });
  LayerCase<float> fixed(text, {{3, 2, 4}, {3, 2}, {3, 5}});
  expect_error(Code::kShape, "static input (bottom 2) must have shape 2 5", [&] { fixed.setup(); });
  LayerCase<float> state("type: 'LSTM' recurrent_param { num_output: 3 expose_hidden: true }",
                         {{3, 2, 4}, {3, 2}, {1, 2, 3}, {1, 2, 4}}, 3);
  expect_error(Code::kShape, "first state (bottom 3) must have shape 1 2 3",
               [&] { state.setup(); });
  LayerCase<float> tops("type: 'LSTM' recurrent_param { num_output: 3 expose_hidden: true }",
                        {{3, 2, 4}, {3, 2}, {1, 2, 3}, {1, 2, 3}}, 1);
  expect_error(Code::kBadNet, "makes exactly 3 top", [&] { tops.setup(); });
  Case target = lstm(false, false);
  target.propagate()[1] = true;
  target.setup().forward();
  expect_error(Code::kUnsupported, "sequence indicators (bottom 1)", [&] { target.backward(); });
  EXPECT_FALSE(target.layer().allow_force_backward(1));
}

}  // namespace
}  // namespace test
}  // namespace caffe
