#include <gtest/gtest.h>

#include <cmath>

#include "caffe/io/upgrade_old_layers.hpp"
#include "caffe/log.hpp"
#include "support/expect_close.hpp"
#include "support/expect_error.hpp"
#include "support/net_case.hpp"
#include "support/shared_data.hpp"
#include "support/temp_dir.hpp"

namespace caffe {
namespace test {
namespace {

// What Caffe itself makes of the same old net, as it saved it.
class GoldenUpgrade : public ::testing::TestWithParam<const char*> {};

TEST_P(GoldenUpgrade, LayersAreThoseThatCaffeSaved) {
  const std::string base = shared_path(std::string("golden/legacy/") + GetParam());
  if (!readable(base + ".prototxt")) GTEST_SKIP() << "no " << base << ".prototxt";
  NetParameter ours, theirs;
  read_net_file(base + ".prototxt", &ours);
  read_binary_file(base + "_upgraded.caffemodel", &theirs);
  ASSERT_EQ(ours.layer_size(), theirs.layer_size());
  for (int i = 0; i < ours.layer_size(); ++i) {
    LayerParameter caffes = theirs.layer(i);
    caffes.clear_blobs();
    caffes.clear_phase();  // given by the net that saved it
    EXPECT_EQ(to_text(ours.layer(i)), to_text(caffes));
  }
}

INSTANTIATE_TEST_SUITE_P(Legacy, GoldenUpgrade,
                         ::testing::Values("v0", "v1", "old_input_and_batchnorm"),
                         [](const auto& info) { return std::string(info.param); });

// An old net runs, and gives what Caffe computed with these parameters.
TEST(GoldenUpgradedNet, RunsAsInCaffe) {
  const std::string base = shared_path("golden/legacy/v0");
  if (!readable(base + ".npz")) GTEST_SKIP() << "no " << base << ".npz";
  NetParameter param;
  read_net_file(base + ".prototxt", &param);
  Net<float> net(param, std::make_shared<Random>(1));
  net.copy_trained_layers_from(base + "_upgraded.caffemodel");
  const auto arrays = read_npz(base + ".npz");
  set_values(net.blob("x"), arrays.at("in/x").values);
  net.forward();
  expect_close("y", net.blob("y")->cpu_data(), arrays.at("out/y"), 1e-3f);
}

// Types and parameters of the losses arrive: each net is built, and its loss is as by hand.
TEST(UpgradedNet, OldLossesRun) {
  const std::string inputs =
      "input: 'a' input_dim: 1 input_dim: 2 input_dim: 1 input_dim: 1 "
      "input: 'b' input_dim: 1 input_dim: 2 input_dim: 1 input_dim: 1 "
      "input: 't' input_dim: 1 input_dim: 1 input_dim: 1 input_dim: 1 "
      "layers { type: SILENCE bottom: 'a' bottom: 'b' bottom: 't' } layers { name: 'l' top: 'l' ";
  const struct {
    const char* layer;
    double loss;
  } kCases[] = {
      {"type: HINGE_LOSS bottom: 'a' bottom: 't' hinge_loss_param { norm: L2 } }", 1.5 * 1.5 + 0},
      {"type: MULTINOMIAL_LOGISTIC_LOSS bottom: 'b' bottom: 't' }", -std::log(0.25)},
      {"type: SIGMOID_CROSS_ENTROPY_LOSS bottom: 'a' bottom: 'b' }",
       std::log(1 + std::exp(0.5)) - 0.5 * 0.75 + std::log(1 + std::exp(2)) - 2 * 0.25},
      {"type: CONTRASTIVE_LOSS bottom: 'a' bottom: 'b' bottom: 't' }",
       (0.25 * 0.25 + 1.75 * 1.75) / 2},
      {"type: SOFTMAX_LOSS bottom: 'a' bottom: 't' loss_weight: 2 }",
       2 * std::log(1 + std::exp(-1.5))},
      {"type: EUCLIDEAN_LOSS bottom: 'a' bottom: 'b' }", (0.25 * 0.25 + 1.75 * 1.75) / 2},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.layer);
    const auto net = make_net(inputs + c.layer);
    set_values(net->blob("a"), {0.5, 2});
    set_values(net->blob("b"), {0.75, 0.25});
    set_values(net->blob("t"), {1});
    EXPECT_NEAR(net->forward(), c.loss, 1e-5);
  }
}

NetParameter upgraded(const std::string& text) {
  NetParameter net;
  parse_text(text, "test", &net);
  upgrade_net(&net, "test");
  return net;
}

TEST(UpgradeV1, SpecsAreGathered) {
  const LayerParameter layer =
      upgraded(
          "layers { name: 'l' type: INNER_PRODUCT param: 'w' blobs_lr: 1 blobs_lr: 2 "
          "weight_decay: 3 blob_share_mode: PERMISSIVE }")
          .layer(0);
  ASSERT_EQ(layer.param_size(), 2);
  EXPECT_EQ(layer.param(0).name(), "w");
  EXPECT_EQ(layer.param(0).share_mode(), ParamSpec::PERMISSIVE);
  EXPECT_EQ(layer.param(0).decay_mult(), 3);
  EXPECT_EQ(layer.param(1).lr_mult(), 2);
  EXPECT_FALSE(layer.param(1).has_decay_mult());
}

TEST(UpgradeV1, DataTransformsMove) {
  const LayerParameter layer =
      upgraded("layers { type: DATA data_param { source: 's' scale: 0.5 mirror: true } }").layer(0);
  EXPECT_EQ(layer.transform_param().scale(), 0.5f);
  EXPECT_TRUE(layer.transform_param().mirror());
  EXPECT_FALSE(layer.data_param().has_scale());
  EXPECT_EQ(layer.data_param().source(), "s");
}

TEST(UpgradeV1, EveryTypeNumberHasAName) {
  for (int number = 0; number <= V1LayerParameter::LayerType_MAX; ++number) {
    if (!V1LayerParameter::LayerType_IsValid(number)) continue;
    NetParameter net;
    net.add_layers()->set_type(static_cast<V1LayerParameter::LayerType>(number));
    upgrade_net(&net, "test");
    EXPECT_EQ(net.layer(0).type().empty(), number == V1LayerParameter::NONE) << number;
  }
}

TEST(UpgradeV1, OldAndNewLayersTogetherAreRefused) {
  expect_error(Code::kBadNet, "test: `layer` and its old form",
               [] { upgraded("layer { name: 'a' } layers { name: 'b' type: RELU }"); });
}

TEST(UpgradeV0, PaddingJoinsItsReader) {
  const NetParameter net = upgraded(
      "input: 'x' input_dim: 1 input_dim: 1 input_dim: 5 input_dim: 5 "
      "layers { layer { name: 'p' type: 'padding' pad: 2 } bottom: 'x' top: 'p' }"
      "layers { layer { name: 'c' type: 'conv' kernelsize: 3 } bottom: 'p' top: 'c' }");
  ASSERT_EQ(net.layer_size(), 2);
  EXPECT_EQ(net.layer(1).bottom(0), "x");
  EXPECT_EQ(net.layer(1).convolution_param().pad(0), 2u);
  expect_error(Code::kBadNet, "layer 'r' reads a padding layer", [] {
    upgraded(
        "layers { layer { name: 'p' type: 'padding' pad: 2 } bottom: 'x' top: 'p' }"
        "layers { layer { name: 'r' type: 'relu' } bottom: 'p' top: 'p' }");
  });
}

TEST(UpgradeV0, MisplacedFieldsAreToldAndDropped) {
  TempDir dir;
  log_to(dir / "log", LogLevel::kInfo);
  const NetParameter net =
      upgraded("layers { layer { name: 'r' type: 'relu' num_output: 3 pad: 1 source: 's' } }");
  log_to("", LogLevel::kInfo);
  EXPECT_EQ(to_text(net.layer(0)), "name: \"r\"\ntype: \"ReLU\"\n");
  const std::string text = read_file(dir / "log");
  for (const char* field : {"num_output", "pad", "source"}) {
    EXPECT_NE(text.find("test: field " + std::string(field) + " of layer 'r'"), std::string::npos)
        << text;
  }
}

TEST(UpgradeV0, UnknownTypesAreNamed) {
  expect_error(Code::kBadNet, "unknown old layer type 'convolve'",
               [] { upgraded("layers { layer { name: 'c' type: 'convolve' } }"); });
}

TEST(UpgradeV0, NetsInsideSolversAreUpgradedToo) {
  SolverParameter solver;
  parse_text("net_param { layers { name: 'r' type: RELU } }", "test", &solver);
  upgrade_solver(&solver, "test");
  EXPECT_EQ(solver.net_param().layer(0).type(), "ReLU");
}

}  // namespace
}  // namespace test
}  // namespace caffe
