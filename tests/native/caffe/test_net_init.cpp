#include <gtest/gtest.h>

#include "support/expect_error.hpp"
#include "support/net_case.hpp"

namespace caffe {
namespace test {
namespace {

const char kInput[] =
    "layer { name: 'in' type: 'Input' top: 'x' top: 't' "
    "  input_param { shape { dim: 4 dim: 3 } shape { dim: 4 } } }";

std::string ip(const std::string& name, const std::string& bottom, const std::string& top,
               const std::string& more = "", int outputs = 2) {
  return "layer { name: '" + name + "' type: 'InnerProduct' bottom: '" + bottom + "' top: '" + top +
         "' " + more + " inner_product_param { num_output: " + std::to_string(outputs) +
         " weight_filler { type: 'xavier' } } }";
}

std::string loss(const std::string& bottom) {
  return "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: '" + bottom +
         "' bottom: 't' top: 'loss' }";
}

TEST(NetInit, OutputsAreUnusedTopsInAlphabeticalOrder) {
  const auto net = make_net(kInput + ip("1", "x", "zebra") + ip("2", "x", "ant"));
  std::vector<std::string> names;
  for (int id : net->output_blobs()) names.push_back(net->blob_names()[id]);
  EXPECT_EQ(names, std::vector<std::string>({"ant", "t", "zebra"}));
}

TEST(NetInit, InputsAreTopsOfInputLayers) {
  const auto net = make_net(kInput + ip("1", "x", "y"));
  ASSERT_EQ(net->input_blobs().size(), 2u);
  EXPECT_EQ(net->blob_names()[net->input_blobs()[0]], "x");
  EXPECT_EQ(net->blob_names()[net->input_blobs()[1]], "t");
}

TEST(NetInit, OldInputsBecomeAnInputLayer) {
  const auto net = make_net("input: 'x' input_dim: 2 input_dim: 3 input_dim: 4 input_dim: 5 " +
                            ip("1", "x", "y"));
  EXPECT_EQ(net->layer(0).name(), "input");
  EXPECT_EQ(net->blob("x")->shape(), Shape({2, 3, 4, 5}));
}

TEST(NetInit, BlobsAndLayersAreFoundByName) {
  const auto net = make_net(kInput + ip("ip1", "x", "y"));
  EXPECT_EQ(net->layer_index("ip1"), 1);
  EXPECT_EQ(net->layer_index("none"), -1);
  EXPECT_EQ(net->blob("y")->shape(), Shape({4, 2}));
  EXPECT_EQ(net->blob("none"), nullptr);
}

TEST(NetInit, InPlaceLayersShareABlob) {
  const auto net = make_net(kInput + ip("ip1", "x", "y") +
                            "layer { name: 'r' type: 'ReLU' bottom: 'y' top: 'y' }");
  EXPECT_EQ(net->bottoms(2)[0]->data_ptr(), net->tops(2)[0]->data_ptr());
  EXPECT_EQ(net->blob("y")->data_ptr(), net->tops(2)[0]->data_ptr());
  EXPECT_EQ(net->blobs().size(), 3u);
}

TEST(NetInit, MistakesNameTheLayer) {
  const std::string relu = "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 't' }";
  expect_error(Code::kBadNet, "layer 'r': top 't' is made by an earlier layer already",
               [&] { make_net(kInput + relu); });
  expect_error(Code::kBadNet, "layer 'split'", [&] {
    make_net(kInput + std::string("layer { name: 'split' type: 'Split' bottom: 'x' top: 'x' }"));
  });
  expect_error(Code::kBadNet, "layer 'l' (EuclideanLoss) cannot work in place", [&] {
    make_net(kInput + std::string("layer { name: 'l' type: 'EuclideanLoss' bottom: 'x' bottom: 't' "
                                  "top: 'x' }"));
  });
  expect_error(Code::kBadNet, "'Convolutoin'", [&] {
    make_net(kInput + std::string("layer { name: 'c' type: 'Convolutoin' bottom: 'x' top: 'y' }"));
  });
  expect_error(Code::kBadNet, "layer 'ip1': propagate_down", [&] {
    make_net(kInput + ip("ip1", "x", "y", "propagate_down: true propagate_down: false"));
  });
  expect_error(Code::kBadNet, "layer 'ip1' has 2 parameter blobs, but 3 `param` entries",
               [&] { make_net(kInput + ip("ip1", "x", "y", "param {} param {} param {}")); });
  expect_error(Code::kBadNet, "layer 'loss'", [&] {
    make_net(kInput + std::string("layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'x' }"));
  });
  expect_error(Code::kBadNet, "has no layers", [] { make_net("name: 'empty'"); });
}

TEST(NetInit, SomeLayersAreRefusedInPlace) {
  for (const char* layer : {"type: 'AbsVal'", "type: 'Flatten'",
                            "type: 'Reshape' reshape_param { shape { dim: 0 dim: 0 } }"}) {
    expect_error(Code::kBadNet, "layer 'l' (", [&] {
      make_net(kInput + cat("layer { name: 'l' bottom: 'x' top: 'x' ", layer, " }"));
    });
  }
}

TEST(NetInit, OldLayersAreUpgraded) {
  const auto net = make_net(
      "input: 'x' input_dim: 2 input_dim: 3 input_dim: 4 input_dim: 5 "
      "layers { name: 'a' type: RELU bottom: 'x' top: 'y' }");
  EXPECT_STREQ(net->layer(1).type(), "ReLU");
}

TEST(NetInit, LossLayersMayOmitTheirTop) {
  const auto net = make_net(kInput + ip("ip1", "x", "y") +
                            "layer { name: 'l' type: 'SoftmaxWithLoss' bottom: 'y' bottom: 't' }");
  EXPECT_EQ(net->blob_names().back(), "(automatic)");
  EXPECT_GT(net->forward(), 0);
  EXPECT_TRUE(net->output_blobs().empty());
}

TEST(NetInit, BackwardRunsWhereItIsNeeded) {
  const auto net = make_net(kInput + ip("ip1", "x", "a") + ip("ip2", "a", "b") +
                            ip("side", "x", "unused") + loss("b"));
  const auto needs = [&](const char* layer) {
    return net->layer_needs_backward(net->layer_index(layer));
  };
  EXPECT_FALSE(needs("in"));
  EXPECT_FALSE(needs("x_in_0_split"));
  EXPECT_TRUE(needs("ip1"));
  EXPECT_TRUE(needs("ip2"));
  EXPECT_FALSE(needs("side"));  // no loss depends on it
  EXPECT_FALSE(net->bottom_needs_backward(net->layer_index("ip1"), 0));
  EXPECT_TRUE(net->bottom_needs_backward(net->layer_index("ip2"), 0));
  EXPECT_FALSE(net->bottom_needs_backward(net->layer_index("loss"), 1));
}

TEST(NetInit, FrozenLayersBelowEverythingAreSkipped) {
  const std::string frozen = "param { lr_mult: 0 } param { lr_mult: 0 }";
  const auto net = make_net(kInput + ip("ip1", "x", "a", frozen) + ip("ip2", "a", "b") + loss("b"));
  EXPECT_FALSE(net->layer_needs_backward(net->layer_index("ip1")));
  EXPECT_FALSE(net->bottom_needs_backward(net->layer_index("ip2"), 0));
}

TEST(NetInit, PropagateDownCutsAndForces) {
  const auto cut = make_net(kInput + ip("ip1", "x", "a") +
                            ip("ip2", "a", "b", "propagate_down: false") + loss("b"));
  EXPECT_FALSE(cut->layer_needs_backward(cut->layer_index("ip1")));
  EXPECT_TRUE(cut->layer_needs_backward(cut->layer_index("ip2")));
  const auto forced = make_net(kInput + ip("ip1", "x", "a", "propagate_down: true") + loss("a"));
  EXPECT_TRUE(forced->bottom_needs_backward(forced->layer_index("ip1"), 0));
}

TEST(NetInit, ForceBackwardReachesInputsButNotLabels) {
  const auto net = make_net("force_backward: true " + (kInput + ip("ip1", "x", "a")) + loss("a"));
  EXPECT_TRUE(net->bottom_needs_backward(net->layer_index("ip1"), 0));
  EXPECT_FALSE(net->bottom_needs_backward(net->layer_index("loss"), 1));
  set_values(net->blob("x"), ramp(12));
  net->forward();
  net->backward();
  float sum = 0;
  for (float value : gradients(*net->blob("x"))) sum += std::abs(value);
  EXPECT_GT(sum, 0);
}

}  // namespace
}  // namespace test
}  // namespace caffe
