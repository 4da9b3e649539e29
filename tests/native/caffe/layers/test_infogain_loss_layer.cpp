#include "caffe/io.hpp"
#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"
#include "support/temp_dir.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<double>;

const std::vector<double> kMatrix = {1, 0.5, -0.25, 0, 2, 0.125, 0.75, 0.5, 1.5};

// Predictions (4, 3, 2, 1), labels with two positions of class 2, which some cases ignore.
Case spatial_case(const std::string& fields, bool identity = false) {
  Case layer("type: 'InfogainLoss' " + fields, {{4, 3, 2, 1}, {4, 1, 2, 1}, {1, 1, 3, 3}});
  Case::set(layer.bottom(1), {0, 1, 2, 0, 1, 2, 1, 0});
  Case::set(layer.bottom(2), identity ? std::vector<double>{1, 0, 0, 0, 1, 0, 0, 0, 1} : kMatrix);
  layer.propagate() = {true, false, false};
  return layer;
}

double weighted_log_sum(Case& layer, bool skip_two) {
  const double *x = layer.bottom().cpu_data(), *label = layer.bottom(1).cpu_data();
  double sum = 0;
  for (int i = 0; i < 8; ++i) {
    if (skip_two && label[i] == 2) continue;
    const double* first = x + i / 2 * 6 + i % 2;
    const double total = std::exp(first[0]) + std::exp(first[2]) + std::exp(first[4]);
    for (int c = 0; c < 3; ++c) {
      sum -= kMatrix[static_cast<int>(label[i]) * 3 + c] * std::log(std::exp(first[2 * c]) / total);
    }
  }
  return sum;
}

TEST(InfogainLossLayer, Normalizations) {
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
  };
  for (const auto& c : kCases) {
    Case layer = spatial_case(c.fields);
    layer.setup();
    EXPECT_NEAR(layer.forward(), weighted_log_sum(layer, c.ignores) / c.norm, 1e-9) << c.fields;
  }
}

TEST(InfogainLossLayer, TheIdentityGivesTheSoftmaxLoss) {
  Case infogain = spatial_case("", true);
  Case softmax("type: 'SoftmaxWithLoss'", {{4, 3, 2, 1}, {4, 1, 2, 1}});
  Case::set(softmax.bottom(0), Case::data(infogain.bottom(0)));
  Case::set(softmax.bottom(1), Case::data(infogain.bottom(1)));
  EXPECT_NEAR(infogain.setup().forward(), softmax.setup().forward(), 1e-12);
}

TEST(InfogainLossLayer, Gradient) {
  for (const char* fields : {"", "loss_weight: 2.5", "loss_param { ignore_label: 2 }",
                             "loss_param { normalization: NONE }"}) {
    SCOPED_TRACE(fields);
    Case layer = spatial_case(fields);
    check_gradients(layer);
  }
}

TEST(InfogainLossLayer, AxisAndSecondTop) {
  Case layer("type: 'InfogainLoss' infogain_loss_param { axis: -1 }", {{2, 2, 3}, {2, 2}, {9}}, 2);
  Case::set(layer.bottom(1), {0, 1, 2, 1});
  layer.setup().forward();
  EXPECT_EQ(layer.top(1).shape(), (Shape{2, 2, 3}));
  double sum = 0;
  for (int i = 0; i < 3; ++i) sum += layer.top(1).cpu_data()[i];
  EXPECT_NEAR(sum, 1, 1e-12);
  EXPECT_EQ(layer.layer().loss(1), 0);
}

TEST(InfogainLossLayer, TheMatrixMayComeFromAFile) {
  TempDir dir;
  BlobProto proto;
  for (int extent : {1, 1, 3, 3}) proto.mutable_shape()->add_dim(extent);
  for (double value : kMatrix) proto.add_data(static_cast<float>(value));
  write_binary_file(dir / "h.binaryproto", proto);
  Case layer(
      cat("type: 'InfogainLoss' infogain_loss_param { source: '", dir / "h.binaryproto", "' }"),
      {{4, 3, 2, 1}, {4, 1, 2, 1}});
  Case::set(layer.bottom(1), {0, 1, 2, 0, 1, 2, 1, 0});
  layer.setup();
  EXPECT_NEAR(layer.forward(), weighted_log_sum(layer, false) / 8, 1e-9);
}

// More positions and more classes than are done at once, by the formula.
TEST(InfogainLossLayer, LargeOnes) {
  for (const Shape& shape : {Shape{2, 5, 150, 3}, Shape{40, 600, 1}}) {
    const int64_t n = shape[0], classes = shape[1], inner = product(shape, 2, shape.size());
    Case layer("type: 'InfogainLoss' loss_param { ignore_label: 1 }",
               {shape, {n, inner}, {classes, classes}});
    std::vector<double> labels(n * inner);
    for (size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<double>(i * 7 % classes);
    Case::set(layer.bottom(1), labels);
    layer.propagate() = {true, false, false};
    const double value = layer.setup().forward();
    Case::set_diff(layer.top(), {1});
    layer.backward();
    const double *x = layer.bottom().cpu_data(), *dx = layer.bottom().cpu_diff();
    double sum = 0, valid = 0;
    for (const double label : labels) valid += label != 1;
    for (int64_t i = 0; i < n * inner; ++i) {
      const int64_t first = i / inner * classes * inner + i % inner;
      const double* h = layer.bottom(2).cpu_data() + static_cast<int64_t>(labels[i]) * classes;
      const double counts = labels[i] == 1 ? 0 : 1;
      double total = 0, gains = 0;
      for (int64_t c = 0; c < classes; ++c) {
        total += std::exp(x[first + c * inner]);
        gains += h[c];
      }
      for (int64_t c = 0; c < classes; ++c) {
        const double p = std::exp(x[first + c * inner]) / total;
        sum -= counts * h[c] * std::log(p);
        ASSERT_NEAR(dx[first + c * inner], counts * (p * gains - h[c]) / valid, 1e-12);
      }
    }
    EXPECT_NEAR(value, sum / valid, 1e-8);
  }
}

TEST(InfogainLossLayer, Errors) {
  Case none("type: 'InfogainLoss'", {{2, 3}, {2}});
  expect_error(Code::kBadNet, "infogain_loss_param.source", [&] { none.setup(); });
  Case missing("type: 'InfogainLoss' infogain_loss_param { source: 'no/h' }", {{2, 3}, {2}});
  expect_error(Code::kIo, "no/h", [&] { missing.setup(); });
  Case size("type: 'InfogainLoss'", {{2, 3}, {2}, {2, 3}});
  expect_error(Code::kShape, "3 classes need an infogain matrix of 3 x 3", [&] { size.setup(); });
  Case old("type: 'InfogainLoss' loss_param { normalize: true }", {{2, 3}, {2}, {3, 3}});
  expect_error(Code::kBadNet, "its old form normalize", [&] { old.setup(); });
  Case target = spatial_case("");
  target.propagate() = {true, false, true};
  target.setup().forward();
  expect_error(Code::kUnsupported, "infogain matrix (bottom 2)", [&] { target.backward(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
