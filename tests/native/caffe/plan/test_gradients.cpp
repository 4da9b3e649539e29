// Nets whose gradients share memory, against nets that keep them.
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace test
}  // namespace caffe
