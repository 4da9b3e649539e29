#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<double>;

// Distances 5, 5, 0.5 and 0.5; the second and the third pair are similar.
Case pairs(const std::string& fields, const Shape& shape = {4, 2}) {
  Case layer("type: 'ContrastiveLoss' contrastive_loss_param { " + fields + " }",
             {shape, shape, {4}});
  Case::set(layer.bottom(0), {3, 4, 3, 0, 0.3, 0.4, 1, 0});
  Case::set(layer.bottom(1), {0, 0, 0, 4, 0, 0, 1, 0.5});
  Case::set(layer.bottom(2), {0, 1, 2, 0.5});
  layer.propagate() = {true, true, false};
  return layer;
}

TEST(ContrastiveLossLayer, Forward) {
  Case layer = pairs(""), legacy = pairs("legacy_version: true"), wide = pairs("margin: 6");
  EXPECT_NEAR(layer.setup().forward(), (0 + 25 + 0.25 + 0.25) / 8, 1e-12);
  EXPECT_NEAR(legacy.setup().forward(), (0 + 25 + 0.25 + 0.75) / 8, 1e-12);
  EXPECT_NEAR(wide.setup().forward(), (1 + 25 + 0.25 + 5.5 * 5.5) / 8, 1e-12);
  Case images = pairs("", {4, 2, 1, 1});
  EXPECT_NEAR(images.setup().forward(), 25.5 / 8, 1e-12);
}

// The gradient has d + 1e-4 where the loss would have d.
TEST(ContrastiveLossLayer, Gradient) {
  for (const char* fields : {"", "margin: 6", "legacy_version: true margin: 30"}) {
    SCOPED_TRACE(fields);
    Case layer = pairs(fields);
    GradientCheck(layer, 1e-5, 3e-4).run_all();
  }
}

// d = 0.5 and margin 6: -5.5 / (0.5 + 1e-4) * -0.5 / 4.
TEST(ContrastiveLossLayer, GradientOfADissimilarPair) {
  Case layer = pairs("margin: 6");
  layer.setup().forward();
  layer.backward();
  EXPECT_NEAR(Case::diff(layer.bottom(0))[7], 5.5 / 0.5001 * 0.5 / 4, 1e-12);
  EXPECT_NEAR(Case::diff(layer.bottom(1))[7], -5.5 / 0.5001 * 0.5 / 4, 1e-12);
}

// More features than are done at once: similar pairs cost half the squared distance per pair.
TEST(ContrastiveLossLayer, ManyFeatures) {
  Case layer("type: 'ContrastiveLoss'", {{3, 17001}, {3, 17001}, {3}});
  Case::set(layer.bottom(2), {1, 1, 1});
  layer.propagate() = {true, true, false};
  const double value = layer.setup().forward();
  Case::set_diff(layer.top(), {1});
  layer.backward();
  const double *a = layer.bottom(0).cpu_data(), *b = layer.bottom(1).cpu_data();
  double sum = 0;
  for (int i = 0; i < 3 * 17001; ++i) {
    sum += (a[i] - b[i]) * (a[i] - b[i]);
    ASSERT_NEAR(layer.bottom(0).cpu_diff()[i], (a[i] - b[i]) / 3, 1e-15);
    ASSERT_NEAR(layer.bottom(1).cpu_diff()[i], (b[i] - a[i]) / 3, 1e-15);
  }
  EXPECT_NEAR(value, sum / 6, 1e-12 * sum);
}

TEST(ContrastiveLossLayer, Errors) {
  LayerCase<float> features("type: 'ContrastiveLoss'", {{4, 2}, {4, 3}, {4}});
  expect_error(Code::kShape, "features", [&] { features.setup(); });
  LayerCase<float> planes("type: 'ContrastiveLoss'", {{4, 2, 3, 1}, {4, 2, 3, 1}, {4}});
  expect_error(Code::kShape, "(N, C, 1, 1)", [&] { planes.setup(); });
  LayerCase<float> flags("type: 'ContrastiveLoss'", {{4, 2}, {4, 2}, {3}});
  expect_error(Code::kShape, "4 pairs need as many flags", [&] { flags.setup(); });
  LayerCase<float> bottoms("type: 'ContrastiveLoss'", {{4, 2}, {4, 2}});
  expect_error(Code::kBadNet, "takes exactly 3 bottom", [&] { bottoms.setup(); });
  Case target = pairs("");
  target.propagate() = {true, true, true};
  target.setup().forward();
  expect_error(Code::kUnsupported, "its flags", [&] { target.backward(); });
  EXPECT_TRUE(target.layer().allow_force_backward(1));
  EXPECT_FALSE(target.layer().allow_force_backward(2));
}

}  // namespace
}  // namespace test
}  // namespace caffe
