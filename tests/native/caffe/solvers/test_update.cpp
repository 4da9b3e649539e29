// Updates in packed memory formats, and of parameters without a gradient.
#include <gtest/gtest.h>

#include <cmath>

#include "caffe/ops/backend.hpp"
#include "support/expect_error.hpp"
#include "support/fed_net.hpp"

namespace caffe {
namespace test {
namespace {

class Update : public ::testing::TestWithParam<const char*> {};

std::vector<float> trained(const std::string& text, bool reference) {
  const BackendScope scope(reference ? std::vector<Backend>{Backend::kReference} : backend_order());
  const auto solver = fed_solver(text);
  solver->step(6);
  return weights(solver->net());
}

// The default back ends hold weights and gradients in formats of their own, with padding.
TEST_P(Update, FormatsDoNotMatter) {
  const std::string text = std::string("base_lr: 0.01 weight_decay: 0.02 ") + GetParam();
  const auto packed = trained(text, false), plain = trained(text, true);
  for (size_t i = 0; i < plain.size(); ++i) EXPECT_NEAR(packed[i], plain[i], 2e-4) << i;
}

// A pinned blob is plain memory that others write to.
TEST_P(Update, PinnedWeightsAreUpdatedInPlace) {
  const std::string text = std::string("base_lr: 0.01 ") + GetParam();
  const auto expected = trained(text, false);
  const auto solver = fed_solver(text);
  Blob<float>& blob = *solver->net().learnable_params()[0].blob;
  const float* address = blob.data().pin();
  blob.diff().pin();
  solver->step(6);
  for (int64_t i = 0; i < blob.count(); ++i) EXPECT_NEAR(address[i], expected[i], 1e-5) << i;
}

INSTANTIATE_TEST_SUITE_P(
    Types, Update,
    ::testing::Values("type: 'SGD' momentum: 0.9", "type: 'SGD' regularization_type: 'L1'",
                      "type: 'Nesterov' momentum: 0.9", "type: 'AdaGrad' delta: 1e-3",
                      "type: 'RMSProp' delta: 1e-3", "type: 'AdaDelta' momentum: 0.9 delta: 1e-4",
                      "type: 'Adam' momentum: 0.9 delta: 1e-3", "type: 'SGD' clip_gradients: 0.1"));

// lr_mult 0 leaves gradients out, yet decay and momentum go by the formulas: W stays.
TEST(UpdateZero, FrozenParametersStay) {
  const auto solver =
      make_solver("base_lr: 0.1 lr_policy: 'fixed' momentum: 0.9 weight_decay: 0.1 random_seed: 1",
                  fed_net("layer { name: 'bias' type: 'Bias' bottom: 'conv' top: 'conv' "
                          "  param { lr_mult: 0 } bias_param { filler { value: 0.5 } } }"));
  solver->net().set_feed(Feeder());
  solver->step(3);
  const auto bias = solver->net().layer(solver->net().layer_index("bias")).blobs()[0];
  for (float value : values(*bias)) EXPECT_EQ(value, 0.5f);
}

// A gradient of zero is no reason to skip decay: w := w - lr * decay * w.
TEST(UpdateZero, DecayWorksWithoutAGradient) {
  const auto solver = make_solver(
      "base_lr: 0.5 lr_policy: 'fixed' weight_decay: 0.25",
      "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 2 } } }"
      "layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'y' inner_product_param { "
      "num_output: 2 weight_filler { type: 'constant' value: 2 } bias_term: false } }");
  solver->step(1);  // no loss: backward gives no gradient
  EXPECT_EQ(weights(solver->net()), std::vector<float>(4, 1.75f));
}

// A rate of its own, in which the policy goes on counting.
TEST(UpdateRate, IsTheOneThatWasSet) {
  const auto solver = make_solver(
      "base_lr: 0.5 lr_policy: 'multistep' gamma: 0.5 stepvalue: 1 weight_decay: 0.25",
      "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 2 } } }"
      "layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'y' inner_product_param { "
      "num_output: 2 weight_filler { type: 'constant' value: 2 } bias_term: false } }");
  solver->set_learning_rate(1.f);
  solver->step(2);  // w := w - 1 * 0.25 * w, twice
  EXPECT_EQ(weights(solver->net()), std::vector<float>(4, 1.125f));
  for (const float wrong : {-1.f, INFINITY, NAN}) {
    expect_error(Code::kInvalidArgument, "is not a finite number of at least 0",
                 [&] { solver->set_learning_rate(wrong); });
  }
  EXPECT_EQ(solver->learning_rate(), 1);
  solver->set_learning_rate(std::nullopt);
  EXPECT_EQ(solver->learning_rate(), 0.25f);
}

// Adam's sequence for one weight and a constant gradient, worked out by hand: the bias
// corrections make the first step lr * g / |g|.
TEST(UpdateAdam, FirstStepIsTheRate) {
  const auto solver = make_solver(
      "type: 'Adam' base_lr: 0.125 lr_policy: 'fixed' momentum: 0.9 delta: 0",
      "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 1 } } }"
      "layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'y' inner_product_param { "
      "num_output: 1 bias_term: false } }"
      "layer { name: 't' type: 'Input' top: 't' input_param { shape { dim: 1 dim: 1 } } }"
      "layer { name: 'l' type: 'EuclideanLoss' bottom: 'y' bottom: 't' top: 'l' }");
  set_values(solver->net().blob("x"), {4});
  set_values(solver->net().blob("t"), {3});
  solver->step(1);
  EXPECT_NEAR(weights(solver->net())[0], 0.125, 1e-6);
}

}  // namespace
}  // namespace test
}  // namespace caffe
