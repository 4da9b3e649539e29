#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<double>;

// (3, 2, 2) predictions; two targets are 2 once cut, which some cases ignore.
Case targets(const std::string& fields) {
  Case layer("type: 'SigmoidCrossEntropyLoss' " + fields, {{3, 2, 2}, {3, 2, 2}});
  Case::set(layer.bottom(1), {0, 1, 0.25, 1, 0, 0.5, 2, 0, 1, 1, 2.5, 0});
  layer.propagate() = {true, false};
  return layer;
}

// The formula as it is written, without care for large values.
double cross_entropy(Case& layer, bool skip_two) {
  const double *x = layer.bottom().cpu_data(), *t = layer.bottom(1).cpu_data();
  double sum = 0;
  for (int i = 0; i < 12; ++i) {
    if (skip_two && t[i] >= 2) continue;
    const double s = 1 / (1 + std::exp(-x[i]));
    sum -= t[i] * std::log(s) + (1 - t[i]) * std::log(1 - s);
  }
  return sum;
}

TEST(SigmoidCrossEntropyLossLayer, Normalizations) {
  const struct {
    const char* fields;
    bool ignores;
    double norm;
  } kCases[] = {
      {"", false, 3},
      {"loss_param { normalization: VALID }", false, 12},
      {"loss_param { normalization: VALID ignore_label: 2 }", true, 10},
      {"loss_param { normalization: FULL ignore_label: 2 }", true, 12},
      {"loss_param { normalization: BATCH_SIZE }", false, 3},
      {"loss_param { normalization: NONE }", false, 1},
      {"loss_param { ignore_label: 2 }", true, 3},
      {"loss_param { normalize: true ignore_label: 2 }", true, 10},
      {"loss_param { normalize: false }", false, 3},
      {"loss_param { normalize: true normalization: FULL }", false, 12},
  };
  for (const auto& c : kCases) {
    Case layer = targets(c.fields);
    layer.setup();
    EXPECT_NEAR(layer.forward(), cross_entropy(layer, c.ignores) / c.norm, 1e-9) << c.fields;
  }
}

TEST(SigmoidCrossEntropyLossLayer, Gradient) {
  for (const char* fields : {"", "loss_weight: 2.5", "loss_param { ignore_label: 2 }",
                             "loss_param { ignore_label: 2 normalization: VALID }"}) {
    SCOPED_TRACE(fields);
    Case layer = targets(fields);
    check_gradients(layer);
  }
}

TEST(SigmoidCrossEntropyLossLayer, LargeValuesStayFinite) {
  LayerCase<float> layer("type: 'SigmoidCrossEntropyLoss'", {{1, 2}, {1, 2}});
  LayerCase<float>::set(layer.bottom(0), {500, -500});
  LayerCase<float>::set(layer.bottom(1), {0, 1});
  EXPECT_FLOAT_EQ(layer.setup().forward(), 1000);
}

TEST(SigmoidCrossEntropyLossLayer, AllIgnoredIsZero) {
  Case layer = targets("loss_param { ignore_label: 1 normalization: VALID }");
  Case::set(layer.bottom(1), std::vector<double>(12, 1));
  EXPECT_EQ(layer.setup().forward(), 0);
  layer.backward();
  EXPECT_EQ(Case::diff(layer.bottom()), std::vector<double>(12, 0));
}

// More values than are done at once, by the formula.
TEST(SigmoidCrossEntropyLossLayer, LargeOnes) {
  Case layer("type: 'SigmoidCrossEntropyLoss' loss_param { ignore_label: 2 normalization: VALID }",
             {{3, 17001}, {3, 17001}, {3}});
  std::vector<double> t(layer.bottom(1).count());
  for (size_t i = 0; i < t.size(); ++i) t[i] = static_cast<double>(i % 5) * 0.5;
  const std::vector<double> weights = {0.5, 3, -1};
  Case::set(layer.bottom(1), t);
  Case::set(layer.bottom(2), weights);
  layer.propagate() = {true, false, false};
  const double value = layer.setup().forward();
  Case::set_diff(layer.top(), {1});
  layer.backward();
  const double *x = layer.bottom().cpu_data(), *dx = layer.bottom().cpu_diff();
  double sum = 0, valid = 0;
  for (const double target : t) valid += target != 2;
  for (size_t i = 0; i < t.size(); ++i) {
    const double s = 1 / (1 + std::exp(-x[i])), weight = t[i] == 2 ? 0 : weights[i / 17001];
    sum -= weight * (t[i] * std::log(s) + (1 - t[i]) * std::log(1 - s));
    ASSERT_NEAR(dx[i], weight * (s - t[i]) / valid, 1e-12);
  }
  EXPECT_NEAR(value, sum / valid, 1e-9);
}

TEST(SigmoidCrossEntropyLossLayer, Errors) {
  LayerCase<float> count("type: 'SigmoidCrossEntropyLoss'", {{2, 3}, {2, 2}});
  expect_error(Code::kShape, "as many elements each", [&] { count.setup(); });
  Case target = targets("");
  target.propagate() = {true, true};
  target.setup().forward();
  expect_error(Code::kUnsupported, "its targets", [&] { target.backward(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
