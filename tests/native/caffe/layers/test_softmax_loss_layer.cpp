#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

std::string loss(const std::string& fields) { return "type: 'SoftmaxWithLoss' " + fields; }

// Predictions (4, 3, 2, 1), labels with two positions of class 2, which some cases ignore.
LayerCase<double> spatial_case(const std::string& fields) {
  LayerCase<double> layer(loss(fields), {{4, 3, 2, 1}, {4, 1, 2, 1}}, 1);
  LayerCase<double>::set(layer.bottom(1), {0, 1, 2, 0, 1, 2, 1, 0});
  layer.propagate() = {true, false};
  return layer;
}

double log_sum(const LayerCase<double>& layer_case, bool skip_two) {
  auto& layer = const_cast<LayerCase<double>&>(layer_case);
  const double *x = layer.bottom().cpu_data(), *label = layer.bottom(1).cpu_data();
  double sum = 0;
  for (int i = 0; i < 8; ++i) {
    if (skip_two && label[i] == 2) continue;
    const double* first = x + i / 2 * 6 + i % 2;
    const double total = std::exp(first[0]) + std::exp(first[2]) + std::exp(first[4]);
    sum -= first[2 * static_cast<int>(label[i])] - std::log(total);
  }
  return sum;
}

TEST(SoftmaxLossLayer, Normalizations) {
  const struct {
    const char* fields;
    bool ignores;
    double norm;
  } kCases[] = {
      {"", false, 8},
      {"loss_param { ignore_label: 2 }", true, 6},
      {"loss_param { ignore_label: 2 normalization: FULL }", true, 8},
      {"loss_param { normalization: VALID }", false, 8},
      {"loss_param { normalization: BATCH_SIZE }", false, 4},
      {"loss_param { normalization: NONE }", false, 1},
      {"loss_param { ignore_label: 2 normalize: true }", true, 6},
      {"loss_param { ignore_label: 2 normalize: false }", true, 4},
      {"loss_param { normalize: false normalization: NONE }", false, 1},
  };
  for (const auto& c : kCases) {
    LayerCase<double> layer = spatial_case(c.fields);
    layer.setup();
    EXPECT_NEAR(layer.forward(), log_sum(layer, c.ignores) / c.norm, 1e-9) << c.fields;
    EXPECT_EQ(layer.top().num_axes(), 0);
  }
}

TEST(SoftmaxLossLayer, Gradient) {
  for (const char* fields : {"", "loss_weight: 2.5", "loss_param { ignore_label: 2 }",
                             "loss_param { normalization: NONE }"}) {
    SCOPED_TRACE(fields);
    LayerCase<double> layer = spatial_case(fields);
    check_gradients(layer);
  }
}

TEST(SoftmaxLossLayer, AxisAndSecondTop) {
  LayerCase<double> layer(loss("softmax_param { axis: -1 }"), {{2, 3, 4}, {2, 3}}, 2);
  LayerCase<double>::set(layer.bottom(1), {0, 1, 2, 3, 0, 1});
  layer.setup().forward();
  EXPECT_EQ(layer.top(1).shape(), (Shape{2, 3, 4}));
  double sum = 0;
  for (int i = 0; i < 4; ++i) sum += layer.top(1).cpu_data()[i];
  EXPECT_NEAR(sum, 1, 1e-12);
  EXPECT_EQ(layer.layer().loss(1), 0);
  LayerCase<double> weighted(loss("loss_weight: 2"), {{2, 3}, {2}}, 2);
  LayerCase<double>::set(weighted.bottom(1), {0, 1});
  EXPECT_EQ(weighted.setup().layer().loss(0), 2);
}

TEST(SoftmaxLossLayer, AllIgnoredIsZeroNotNaN) {
  LayerCase<float> layer(loss("loss_param { ignore_label: 1 }"), {{2, 3}, {2}});
  LayerCase<float>::set(layer.bottom(1), {1, 1});
  EXPECT_EQ(layer.setup().forward(), 0);
}

TEST(SoftmaxLossLayer, VanishingProbabilityIsFinite) {
  LayerCase<float> layer(loss(""), {{1, 2}, {1}});
  LayerCase<float>::set(layer.bottom(), {1000, -1000});
  LayerCase<float>::set(layer.bottom(1), {1});
  EXPECT_NEAR(layer.setup().forward(), 87.34f, 0.01);  // -log(FLT_MIN)
}

TEST(SoftmaxLossLayer, LabelsOutOfRange) {
  for (const float bad : {3.f, -1.f, 1e30f, std::nanf("")}) {
    LayerCase<float> layer(loss(""), {{3, 3}, {3}});
    LayerCase<float>::set(layer.bottom(1), {0, 2.9f, bad});
    layer.setup();
    expect_error(Code::kNumeric, "layer 'l' (SoftmaxWithLoss): label ", [&] { layer.forward(); });
    expect_error(Code::kNumeric, "of item 2 is not in 0..2", [&] { layer.forward(); });
  }
}

// More positions and more classes than are done at once, by the formula.
TEST(SoftmaxLossLayer, LargeOnes) {
  for (const Shape& shape : {Shape{2, 5, 150, 3}, Shape{60, 1300, 1}}) {
    const int64_t n = shape[0], classes = shape[1], inner = product(shape, 2, shape.size());
    LayerCase<double> layer(loss("loss_param { ignore_label: 1 } "), {shape, {n, inner}, {n}});
    std::vector<double> labels(n * inner), weights(n);
    for (size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<double>(i * 7 % classes);
    for (int64_t i = 0; i < n; ++i) weights[i] = 0.5 + static_cast<double>(i % 3);
    LayerCase<double>::set(layer.bottom(1), labels);
    LayerCase<double>::set(layer.bottom(2), weights);
    layer.propagate() = {true, false, false};
    const double value = layer.setup().forward();
    LayerCase<double>::set_diff(layer.top(), {1});
    layer.backward();
    const double *x = layer.bottom().cpu_data(), *dx = layer.bottom().cpu_diff();
    double sum = 0, valid = 0;
    for (const double label : labels) valid += label != 1;
    for (int64_t i = 0; i < n * inner; ++i) {
      const int64_t first = i / inner * classes * inner + i % inner;
      const auto label = static_cast<int64_t>(labels[i]);
      const double weight = label == 1 ? 0 : weights[i / inner];
      double total = 0;
      for (int64_t c = 0; c < classes; ++c) total += std::exp(x[first + c * inner]);
      sum -= weight * std::log(std::exp(x[first + label * inner]) / total);
      for (int64_t c = 0; c < classes; ++c) {
        const double p = std::exp(x[first + c * inner]) / total;
        ASSERT_NEAR(dx[first + c * inner], weight * (p - (c == label)) / valid, 1e-12);
      }
    }
    EXPECT_NEAR(value, sum / valid, 1e-9);
  }
}

TEST(SoftmaxLossLayer, Errors) {
  LayerCase<float> first(loss(""), {{2, 3}, {3}});
  expect_error(Code::kShape, "must agree in the first axis", [&] { first.setup(); });
  LayerCase<float> count(loss(""), {{2, 3}, {2, 2}});
  expect_error(Code::kShape, "need 2 labels", [&] { count.setup(); });
  LayerCase<float> target(loss(""), {{2, 3}, {2}});
  LayerCase<float>::set(target.bottom(1), {0, 1});
  target.setup().forward();
  expect_error(Code::kUnsupported, "its targets", [&] { target.backward(); });
  EXPECT_TRUE(target.layer().auto_top());
  EXPECT_FALSE(target.layer().allow_force_backward(1));
}

}  // namespace
}  // namespace test
}  // namespace caffe
