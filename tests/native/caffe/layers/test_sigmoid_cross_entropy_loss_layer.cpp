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
