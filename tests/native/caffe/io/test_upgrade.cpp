#include <gtest/gtest.h>

#include "caffe/io.hpp"
#include "support/expect_error.hpp"

namespace caffe {
namespace test {
namespace {

NetParameter upgraded(const std::string& text) {
  NetParameter net;
  parse_text(text, "test", &net);
  upgrade_net(&net, "test");
  return net;
}

TEST(Upgrade, InputShapesBecomeAnInputLayerInFront) {
  const NetParameter net = upgraded(
      "input: 'a' input_shape { dim: 2 dim: 3 } input: 'b' input_shape { dim: 4 } "
      "layer { name: 'l' }");
  ASSERT_EQ(net.layer_size(), 2);
  EXPECT_EQ(net.layer(0).type(), "Input");
  EXPECT_EQ(net.layer(0).name(), "input");
  EXPECT_EQ(net.layer(0).top(1), "b");
  EXPECT_EQ(net.layer(0).input_param().shape(0).dim(1), 3);
  EXPECT_EQ(net.layer(0).input_param().shape(1).dim_size(), 1);
  EXPECT_EQ(net.layer(1).name(), "l");
  EXPECT_EQ(net.input_size() + net.input_shape_size(), 0);
}

TEST(Upgrade, InputDimsComeInFours) {
  const std::string two =
      "input: 'a' input: 'b' input_dim: 1 input_dim: 2 input_dim: 3 input_dim: 4 ";
  const NetParameter net =
      upgraded(two + "input_dim: 5 input_dim: 6 input_dim: 7 input_dim: 8 layer { name: 'l' }");
  EXPECT_EQ(net.layer(0).input_param().shape(1).dim(0), 5);
  EXPECT_EQ(net.input_dim_size(), 0);
  expect_error(Code::kBadNet, "test: each of the 2 inputs", [&] { upgraded(two); });
}

TEST(Upgrade, InputsOfWeightFilesAreDropped) {
  const NetParameter net = upgraded("input: 'a' layer { name: 'l' }");
  EXPECT_EQ(net.layer_size(), 1);
  EXPECT_EQ(net.input_size(), 0);
}

TEST(Upgrade, BatchNormStatisticsAreNotLearned) {
  const NetParameter net = upgraded(
      "layer { type: 'BatchNorm' param { name: 'm' lr_mult: 1 } param {} param {} }"
      "layer { type: 'Scale' param {} param {} param {} }");
  for (const ParamSpec& spec : net.layer(0).param()) {
    EXPECT_EQ(spec.lr_mult(), 0);
    EXPECT_EQ(spec.decay_mult(), 0);
  }
  EXPECT_EQ(net.layer(0).param(0).name(), "m");
  EXPECT_EQ(net.layer(1).param(0).lr_mult(), 1);
}

TEST(Upgrade, SolverTypesByNumberGetTheirNames) {
  const char* const names[] = {"SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam"};
  for (int i = 0; i < 6; ++i) {
    SolverParameter solver;
    solver.set_solver_type(static_cast<SolverParameter::SolverType>(i));
    upgrade_solver(&solver, "test");
    EXPECT_EQ(solver.type(), names[i]);
    EXPECT_FALSE(solver.has_solver_type());
  }
  SolverParameter both;
  parse_text("type: 'SGD' solver_type: ADAM", "test", &both);
  expect_error(Code::kBadNet, "solver_type", [&] { upgrade_solver(&both, "test"); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
