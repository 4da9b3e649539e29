// Nets whose values or gradients share memory, against nets that keep them.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "support/block_nets.hpp"
#include "support/expect_error.hpp"
#include "support/fed_net.hpp"

namespace caffe {
namespace test {
namespace {

// Layers in place, a Split, views, and a gradient that two layers add up.
const char* const kDeep =
    "layer { name: 'c2' type: 'Convolution' bottom: 'conv' top: 'c2' "
    "  convolution_param { num_output: 5 kernel_size: 3 pad: 1 weight_filler { type: 'xavier' } } }"
    "layer { name: 'bn' type: 'BatchNorm' bottom: 'c2' top: 'c2' }"
    "layer { name: 'scale' type: 'Scale' bottom: 'c2' top: 'c2' scale_param { bias_term: true } }"
    "layer { name: 'sum' type: 'Eltwise' bottom: 'c2' bottom: 'conv' top: 'sum' }"
    "layer { name: 'r2' type: 'ReLU' bottom: 'sum' top: 'sum' }"
    "layer { name: 'flat' type: 'Flatten' bottom: 'sum' top: 'flat' }"
    "layer { name: 'tanh' type: 'TanH' bottom: 'flat' top: 'flat' }"
    "layer { name: 'more' type: 'InnerProduct' bottom: 'flat' top: 'more' "
    "  inner_product_param { num_output: 20 weight_filler { type: 'xavier' } } }"
    "layer { name: 'extra' type: 'EuclideanLoss' bottom: 'more' bottom: 'more' top: 'extra' }";

std::unique_ptr<Solver<float>> trained(bool keep, int iter_size = 1) {
  auto solver = make_solver(cat("base_lr: 0.01 lr_policy: 'fixed' momentum: 0.9 random_seed: 3 "
                                "iter_size: ",
                                iter_size),
                            fed_net(kDeep));
  solver->net().keep_gradients(keep);
  solver->net().set_feed(Feeder());
  solver->step(4);
  return solver;
}

TEST(Gradients, TrainingIsTheSameWhereTheyShareMemory) {
  for (const int iter_size : {1, 2}) {
    EXPECT_EQ(weights(trained(true, iter_size)->net()), weights(trained(false, iter_size)->net()));
  }
}

TEST(Gradients, TakeLessMemoryAndNoneAnewInLaterSteps) {
  const auto kept = trained(true), shared = trained(false);
  EXPECT_LT(shared->net().plan().bytes, kept->net().plan().bytes);
  const int64_t bytes = allocated_bytes();
  shared->step(2);
  EXPECT_EQ(allocated_bytes(), bytes);
}

TEST(Gradients, ThoseOfParametersAndThoseHandedOutStay) {
  const auto kept = trained(true), shared = trained(false);
  for (const auto& solver : {kept.get(), shared.get()}) {
    Net<float>& net = solver->net();
    net.blob("c2")->diff().pin();
    net.clear_param_diffs();
    net.forward();
    net.backward();
  }
  EXPECT_FALSE(shared->net().blob("c2")->diff().released());
  EXPECT_EQ(gradients(*shared->net().blob("c2")), gradients(*kept->net().blob("c2")));
  EXPECT_TRUE(shared->net().blob("conv")->diff().released());
  for (size_t i = 0; i < kept->net().learnable_params().size(); ++i) {
    EXPECT_EQ(gradients(*shared->net().learnable_params()[i].blob),
              gradients(*kept->net().learnable_params()[i].blob));
  }
}

TEST(Gradients, PartsOfANetKeepThem) {
  const auto kept = trained(true), shared = trained(false);
  for (const auto& solver : {kept.get(), shared.get()}) {
    Net<float>& net = solver->net();
    net.forward();
    net.backward(net.num_layers() - 1, net.layer_index("c2"));
    net.backward(net.layer_index("c2") - 1, 0);
  }
  for (const char* name : {"sum", "c2", "conv", "flat"}) {
    EXPECT_EQ(gradients(*shared->net().blob(name)), gradients(*kept->net().blob(name))) << name;
  }
}

TEST(Gradients, AreKeptAgainOnRequest) {
  const auto kept = trained(true), shared = trained(false);
  shared->net().keep_gradients(true);
  for (const auto& solver : {kept.get(), shared.get()}) solver->step(1);
  EXPECT_EQ(gradients(*shared->net().blob("conv")), gradients(*kept->net().blob("conv")));
}

std::unique_ptr<Net<float>> deep_predictor() {
  const std::string deep = kDeep;
  return predictor(
      cat("layer { name: 'conv' type: 'Convolution' bottom: 'x' top: 'conv' "
          "  convolution_param { num_output: 5 kernel_size: 3 pad: 1 "
          "  weight_filler { type: 'xavier' } } }",
          deep.substr(0, deep.find("layer { name: 'extra'")),
          "layer { name: 'prob' type: 'Softmax' bottom: 'more' top: 'prob' }"));
}

void expect_blob_near(const std::string& blob, const Net<float>& actual,
                      const Net<float>& expected) {
  expect_near(blob, values(*actual.blob(blob)), values(*expected.blob(blob)));
}

TEST(Values, PredictionsAreTheSameWhereTheyShareMemory) {
  const auto kept = deep_predictor(), shared = deep_predictor();
  shared->keep_values(std::set<int>());
  for (const int64_t batch : {4, 2, 6}) {
    for (Net<float>* net : {kept.get(), shared.get()}) {
      net->blob("x")->reshape({batch, 3, 6, 5});
      set_values(net->blob("x"), ramp(batch * 90));
      for (int pass = 0; pass < 2; ++pass) net->forward();
    }
    expect_blob_near("prob", *shared, *kept);
  }
}

TEST(Values, TakeLessMemoryAndNoneAnewInLaterPasses) {
  const auto kept = deep_predictor(), shared = deep_predictor();
  shared->keep_values(std::set<int>());
  for (Net<float>* net : {kept.get(), shared.get()}) net->forward();
  EXPECT_LT(shared->plan().bytes, kept->plan().bytes * 0.85);
  const int64_t bytes = allocated_bytes();
  for (int pass = 0; pass < 2; ++pass) shared->forward();
  EXPECT_EQ(allocated_bytes(), bytes);
}

TEST(Values, InputsOutputsAndThoseAskedForStay) {
  const auto kept = deep_predictor(), shared = deep_predictor();
  shared->keep_values(ids_of(*shared, {"sum"}));
  const float* const handed_out = shared->blob("more")->data().pin();
  for (Net<float>* net : {kept.get(), shared.get()}) net->forward();
  for (const char* name : {"x", "sum", "more", "prob"}) {
    expect_blob_near(name, *shared, *kept);
  }
  EXPECT_EQ(handed_out, shared->blob("more")->cpu_data());
  EXPECT_TRUE(shared->blob("conv")->data().released());
  EXPECT_EQ(shared->first_not_finite().in, NotFinite::kNothing);
}

TEST(Values, PartsOfANetAndDebugInfoKeepThem) {
  const auto kept = deep_predictor();
  kept->forward();
  for (const bool parts : {false, true}) {
    const auto shared = deep_predictor();
    shared->keep_values(std::set<int>());
    shared->forward();
    if (parts) {
      shared->forward(0, 2);
      shared->forward(3, shared->num_layers() - 1);
    } else {
      shared->set_debug_info(true);
      shared->forward();
    }
    SCOPED_TRACE(parts);
    for (const char* name : {"conv", "sum", "more", "prob"}) expect_blob_near(name, *shared, *kept);
  }
}

TEST(Values, ARunInTheMiddleNeedsThoseBefore) {
  const auto net = deep_predictor();
  net->keep_values(std::set<int>());
  net->forward();
  expect_error(Code::kState, "layer 'more' reads blob 'flat', which the last pass has left out",
               [&] { net->forward(net->layer_index("more"), net->num_layers() - 1); });
}

// The TEST phase of what is trained: with losses, and nothing to run back.
TEST(Values, TestsAreTheSameWhereTheyShareMemory) {
  const auto solver = trained(true);
  const auto test_net = [&] {
    auto net = std::make_unique<Net<float>>(net_param(fed_net(kDeep), TEST));
    net->share_trained_layers_with(solver->net());
    net->set_feed(Feeder());
    return net;
  };
  const auto kept = test_net(), shared = test_net();
  shared->keep_values(std::set<int>());
  EXPECT_LT(shared->steps().size(), kept->steps().size());
  for (int pass = 0; pass < 2; ++pass) {
    const float loss = kept->forward();
    EXPECT_NEAR(shared->forward(), loss, 1e-4 * std::fabs(loss));
    solver->step(1);  // weights that are folded into others change
  }
  EXPECT_TRUE(shared->blob("conv")->data().released());
}

TEST(Values, ANetWithABackwardPassKeepsThem) {
  const auto solver = trained(true);
  Net<float>& net = solver->net();
  net.keep_values(std::set<int>());
  net.forward();
  net.backward();
  EXPECT_FALSE(net.blob("conv")->data().released());
}

TEST(Values, AnEmptyBatchIsOne) {
  const auto net = deep_predictor();
  net->keep_values(std::set<int>());
  net->forward();
  net->blob("x")->reshape({0, 3, 6, 5});
  for (int pass = 0; pass < 2; ++pass) net->forward();
  EXPECT_EQ(net->blob("prob")->count(), 0);
}

}  // namespace
}  // namespace test
}  // namespace caffe
