#include <gtest/gtest.h>

#include "support/expect_error.hpp"
#include "support/net_case.hpp"

namespace caffe {
namespace test {
namespace {

const char kInput[] =
    "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 3 } } }";

std::string ip(const std::string& name, const std::string& bottom, const std::string& spec,
               int outputs = 3, const std::string& more = "") {
  return "layer { name: '" + name + "' type: 'InnerProduct' bottom: '" + bottom + "' top: '" +
         name + "' " + spec + " inner_product_param { num_output: " + std::to_string(outputs) +
         " bias_term: false weight_filler { type: 'gaussian' } " + more + " } }";
}

TEST(NetParams, MultipliersDefaultToOne) {
  const auto net =
      make_net(kInput + ip("a", "x", "") + ip("b", "a", "param { lr_mult: 0.5 decay_mult: 0 }"));
  ASSERT_EQ(net->learnable_params().size(), 2u);
  EXPECT_EQ(net->learnable_params()[0].lr_mult, 1);
  EXPECT_EQ(net->learnable_params()[0].decay_mult, 1);
  EXPECT_EQ(net->learnable_params()[1].lr_mult, 0.5f);
  EXPECT_EQ(net->learnable_params()[1].decay_mult, 0);
}

TEST(NetParams, EqualNamesAreOneParameter) {
  const auto net =
      make_net(kInput + ip("a", "x", "param { name: 'w' }") + ip("b", "a", "param { name: 'w' }"));
  ASSERT_EQ(net->learnable_params().size(), 1u);
  EXPECT_EQ(net->learnable_params()[0].layer, 1);
  EXPECT_EQ(net->weights_count(), 9);
  Blob<float>& a = *net->layer(1).blobs()[0];
  Blob<float>& b = *net->layer(2).blobs()[0];
  EXPECT_EQ(&a.data(), &b.data());
  EXPECT_EQ(&a.diff(), &b.diff());
}

TEST(NetParams, GradientsOfSharersAdd) {
  const std::string loss =
      "layer { name: 't' type: 'Input' top: 't' input_param { shape { dim: 2 dim: 3 } } }"
      "layer { name: 'l' type: 'EuclideanLoss' bottom: 'b' bottom: 't' top: 'l' }";
  const auto shared = make_net(kInput + ip("a", "x", "param { name: 'w' }") +
                               ip("b", "a", "param { name: 'w' }") + loss);
  const auto apart = make_net(kInput + ip("a", "x", "") + ip("b", "a", "") + loss);
  for (int layer : {1, 2}) set_values(apart->layer(layer).blobs()[0].get(), weights(*shared));
  for (Net<float>* net : {shared.get(), apart.get()}) {
    set_values(net->blob("x"), ramp(6));
    net->clear_param_diffs();
    net->forward();
    net->backward();
  }
  const auto sum = gradients(*shared->layer(1).blobs()[0]);
  const auto first = gradients(*apart->layer(1).blobs()[0]);
  const auto second = gradients(*apart->layer(2).blobs()[0]);
  for (size_t i = 0; i < sum.size(); ++i) EXPECT_NEAR(sum[i], first[i] + second[i], 1e-5);
}

TEST(NetParams, StrictSharingWantsEqualShapes) {
  const std::string wide = ip("a", "x", "param { name: 'w' }", 6);
  const auto shape_mismatch = [&](const std::string& mode) {
    return make_net(kInput + wide +
                    ip("b", "a", "param { name: 'w' share_mode: " + mode + " }", 3));
  };
  expect_error(Code::kShape,
               "layer 'b': parameter 'w' of shape 3 6 (18) cannot be shared with that of layer "
               "'a', of shape 6 3 (18)",
               [&] { shape_mismatch("STRICT"); });
  EXPECT_EQ(shape_mismatch("PERMISSIVE")->weights_count(), 18);
  expect_error(Code::kShape, "layer 'b'", [&] {
    make_net(kInput + wide + ip("b", "a", "param { name: 'w' share_mode: PERMISSIVE }", 4));
  });
}

TEST(NetParams, MultipliersOfSharersAgree) {
  const auto with = [](const std::string& a, const std::string& b) {
    return make_net(kInput + ip("a", "x", "param { name: 'w' " + a + " }") +
                    ip("b", "a", "param { name: 'w' " + b + " }"));
  };
  EXPECT_EQ(with("", "lr_mult: 3")->learnable_params()[0].lr_mult, 3);
  EXPECT_EQ(with("decay_mult: 3", "")->learnable_params()[0].decay_mult, 3);
  expect_error(Code::kBadNet, "layer 'b': lr_mult 3 of the shared parameter 'w'",
               [&] { with("lr_mult: 2", "lr_mult: 3"); });
  expect_error(Code::kBadNet, "decay_mult", [&] { with("decay_mult: 1", "decay_mult: 0"); });
}

TEST(NetParams, FlatWeightsRoundTrip) {
  const auto net = make_net(kInput + ip("a", "x", "") + ip("b", "a", "", 2));
  EXPECT_EQ(net->weights_count(), 15);
  net->write_weights(ramp(15).data());
  EXPECT_EQ(weights(*net), ramp(15));
  EXPECT_EQ(values(*net->layer(2).blobs()[0])[0], ramp(15)[9]);
  net->forward();  // may convert the weights to another format
  EXPECT_EQ(weights(*net), ramp(15));
}

TEST(NetParams, ClearingZeroesEveryGradient) {
  const auto net = make_net(kInput + ip("a", "x", ""));
  net->layer(1).blobs()[0]->mutable_cpu_diff()[3] = 1;
  net->clear_param_diffs();
  for (float value : gradients(*net->layer(1).blobs()[0])) EXPECT_EQ(value, 0);
}

TEST(NetParams, TrainedLayersAreSharedByName) {
  const auto train = make_net(kInput + ip("a", "x", "") + ip("only_here", "a", ""));
  const auto test = make_net(kInput + ip("a", "x", "") + ip("only_there", "a", ""));
  const auto before = values(*test->layer(2).blobs()[0]);
  test->share_trained_layers_with(*train);
  EXPECT_EQ(&test->layer(1).blobs()[0]->data(), &train->layer(1).blobs()[0]->data());
  EXPECT_EQ(values(*test->layer(2).blobs()[0]), before);
  const auto other = make_net(kInput + ip("a", "x", "", 4));
  expect_error(Code::kShape, "layer 'a': parameter 0 has shape 4 3 (12)",
               [&] { other->share_trained_layers_with(*train); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
