// Layers of one function in single precision, against the function in double precision, on arrays
// that neither blocks nor vectors divide.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "caffe/layers/elementwise_layer.hpp"
#include "support/layer_case.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<float>;
using Function = std::function<double(double)>;

struct Formula {
  const char* text;
  Function value, slope;
};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

std::vector<Formula> formulas() {
  return {
      {"type: 'Sigmoid'", sigmoid, [](double x) { return sigmoid(x) * sigmoid(-x); }},
      {"type: 'TanH'", [](double x) { return std::tanh(x); },
       [](double x) { return 1 / (std::cosh(x) * std::cosh(x)); }},
      {"type: 'ELU' elu_param { alpha: 0.7 }",
       [](double x) { return x > 0 ? x : 0.7 * std::expm1(x); },
       [](double x) { return x > 0 ? 1 : 0.7 * std::exp(x); }},
      {"type: 'Swish' swish_param { beta: 1.5 }", [](double x) { return x * sigmoid(1.5 * x); },
       [](double x) { return sigmoid(1.5 * x) + 1.5 * x * sigmoid(1.5 * x) * sigmoid(-1.5 * x); }},
      {"type: 'BNLL'", [](double x) { return std::log(1 + std::exp(x)); }, sigmoid},
      {"type: 'Exp' exp_param { base: 3 scale: 0.5 shift: -1 }",
       [](double x) { return std::pow(3, 0.5 * x - 1); },
       [](double x) { return 0.5 * std::log(3) * std::pow(3, 0.5 * x - 1); }},
      {"type: 'Log' log_param { base: 2 scale: 0.5 shift: 9 }",
       [](double x) { return std::log2(0.5 * x + 9); },
       [](double x) { return 0.5 / (std::log(2) * (0.5 * x + 9)); }},
      {"type: 'Power' power_param { power: 1.7 scale: 0.5 shift: 9 }",
       [](double x) { return std::pow(0.5 * x + 9, 1.7); },
       [](double x) { return 1.7 * 0.5 * std::pow(0.5 * x + 9, 0.7); }},
      {"type: 'Power' power_param { power: 3 }", [](double x) { return x * x * x; },
       [](double x) { return 3 * x * x; }},
  };
}

void expect_formula(const Formula& formula, bool in_place) {
  SCOPED_TRACE(cat(formula.text, in_place ? " in place" : ""));
  Case layer(formula.text, {{3, 7001}});
  if (in_place) layer.in_place();
  std::vector<float> x(layer.bottom().count()), dy(x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    x[i] = static_cast<float>(i % 1601) * 0.01f - 8;
    dy[i] = static_cast<float>(i % 7) - 2.5f;
  }
  Case::set(layer.bottom(), x);
  layer.setup().forward();
  const std::vector<float> y = Case::data(layer.top());
  Case::set_diff(layer.top(), dy);
  layer.backward();
  const std::vector<float> dx = Case::diff(layer.bottom());
  for (size_t i = 0; i < x.size(); ++i) {
    const double value = formula.value(x[i]), slope = dy[i] * formula.slope(x[i]);
    ASSERT_NEAR(y[i], value, 2e-6 * std::max(1.0, std::fabs(value))) << i << ": " << x[i];
    ASSERT_NEAR(dx[i], slope, 4e-6 * std::max(1.0, std::fabs(slope))) << i << ": " << x[i];
  }
}

TEST(ElementwiseLayers, FollowTheirFormulas) {
  for (const Formula& formula : formulas()) {
    expect_formula(formula, false);
    expect_formula(formula, true);
  }
}

TEST(ElementwiseLayers, KeepNan) {
  for (const Formula& formula : formulas()) {
    SCOPED_TRACE(formula.text);
    Case layer(formula.text, {{3}});
    Case::set(layer.bottom(), {0.5f, std::numeric_limits<float>::quiet_NaN(), 1});
    layer.setup().forward();
    EXPECT_FALSE(std::isnan(layer.top().cpu_data()[0]));
    EXPECT_TRUE(std::isnan(layer.top().cpu_data()[1]));
    Case::set_diff(layer.top(), {1, 1, 1});
    layer.backward();
    EXPECT_FALSE(std::isnan(layer.bottom().cpu_diff()[2]));
    EXPECT_TRUE(std::isnan(layer.bottom().cpu_diff()[1]));
  }
}

}  // namespace
}  // namespace test
}  // namespace caffe
