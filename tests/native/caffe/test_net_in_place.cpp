// Layers that cannot write over what they read, asked to: the net equals one in which their top
// has a name of its own.
#include <gtest/gtest.h>

#include <algorithm>

#include "support/expect_error.hpp"
#include "support/net_case.hpp"

namespace caffe {
namespace test {
namespace {

// `layer` between x, through a ReLU in place, and a loss. Its top is `top`.
std::unique_ptr<Net<float>> net_with(const std::string& layer, const std::string& top) {
  return make_net(
      "force_backward: true "
      "layer { name: 'in' type: 'Input' top: 'x' top: 'target' "
      "  input_param { shape { dim: 3 dim: 2 dim: 4 dim: 5 } "
      "                shape { dim: 3 dim: 2 dim: 4 dim: 5 } } }"
      "layer { name: 'relu' type: 'ReLU' bottom: 'x' top: 'x' relu_param { negative_slope: 0.5 } }"
      "layer { name: 'l' top: '" +
          top + "' bottom: 'x' " + layer +
          " }"
          "layer { name: 'more' type: 'ReLU' bottom: '" +
          top + "' top: '" + top +
          "' }"
          "layer { name: 'loss' type: 'EuclideanLoss' bottom: '" +
          top + "' bottom: 'target' }",
      TRAIN);
}

void fill(Net<float>* net) {
  net->blob("x")->reshape({3, 2, 4, 5});
  set_values(net->blob("x"), ramp(120));
  set_values(net->blob("target"), std::vector<float>(120, 0.25f));
}

class InPlaceLayer : public testing::TestWithParam<const char*> {};

TEST_P(InPlaceLayer, EqualsTheLayerApart) {
  const auto apart = net_with(GetParam(), "y"), same = net_with(GetParam(), "x");
  std::vector<float> weights(apart->weights_count());
  apart->read_weights(weights.data());
  same->write_weights(weights.data());
  for (int pass = 0; pass < 2; ++pass) {
    for (Net<float>* net : {apart.get(), same.get()}) {
      fill(net);
      net->clear_param_diffs();
      net->forward();
      net->backward();
    }
    EXPECT_EQ(values(*same->blob("x")), values(*apart->blob("y")));
    EXPECT_EQ(gradients(*same->blob("x")), gradients(*apart->blob("x")));
    for (size_t i = 0; i < apart->learnable_params().size(); ++i) {
      EXPECT_EQ(gradients(*same->learnable_params()[i].blob),
                gradients(*apart->learnable_params()[i].blob));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, InPlaceLayer,
    testing::Values("type: 'Convolution' convolution_param { num_output: 2 kernel_size: 3 pad: 1 "
                    "  weight_filler { type: 'xavier' } }",
                    "type: 'Convolution' convolution_param { num_output: 2 kernel_size: 1 "
                    "  weight_filler { type: 'xavier' } }",
                    "type: 'Deconvolution' convolution_param { num_output: 2 kernel_size: 3 pad: 1 "
                    "  weight_filler { type: 'xavier' } }",
                    "type: 'Pooling' pooling_param { pool: MAX kernel_size: 3 stride: 1 pad: 1 }",
                    "type: 'Pooling' pooling_param { pool: AVE kernel_size: 3 stride: 1 pad: 1 }",
                    "type: 'InnerProduct' inner_product_param { num_output: 5 axis: 3 "
                    "  weight_filler { type: 'xavier' } }",
                    "type: 'Tile' tile_param { tiles: 1 }",
                    "type: 'Im2col' convolution_param { kernel_size: 1 }",
                    "type: 'Crop' bottom: 'target' crop_param { axis: 1 }"));

// Each writes over what the layer before it needs in backward.
TEST(NetInPlace, AChainEqualsTheLayersApart) {
  const auto chain = [](bool in_place) {
    const char* const steps[] = {
        "type: 'ReLU' relu_param { negative_slope: 0.5 }",
        "type: 'Sigmoid'",
        "type: 'Power' power_param { scale: -2 shift: 0.5 }",
        "type: 'TanH'",
        "type: 'Softmax'",
        "type: 'Exp'",
        "type: 'LRN'",
        "type: 'Eltwise' bottom: 'target' eltwise_param { operation: PROD }",
        "type: 'ELU'",
        "type: 'Clip' clip_param { min: -0.5 max: 0.9 }",
        "type: 'BNLL'",
        "type: 'Log'"};
    std::string text =
        "force_backward: true "
        "layer { name: 'in' type: 'Input' top: 'x' top: 'target' "
        "  input_param { shape { dim: 3 dim: 5 dim: 2 dim: 4 } } }";
    std::string bottom = "x";
    int number = 0;
    for (const char* step : steps) {
      const std::string name = cat("l", ++number), top = in_place ? "x" : name;
      text +=
          cat("layer { name: '", name, "' top: '", top, "' bottom: '", bottom, "' ", step, " }");
      bottom = top;
    }
    return make_net(text + "layer { name: 'loss' type: 'EuclideanLoss' bottom: '" + bottom +
                    "' bottom: 'target' }");
  };
  const auto apart = chain(false), same = chain(true);
  for (Net<float>* net : {apart.get(), same.get()}) {
    set_values(net->blob("x"), ramp(120));
    set_values(net->blob("target"), ramp(120));
    net->forward();
    net->backward();
  }
  EXPECT_EQ(values(*same->blob("x")), values(*apart->blob("l12")));
  EXPECT_EQ(gradients(*same->blob("x")), gradients(*apart->blob("x")));
  const auto dx = gradients(*same->blob("x"));
  EXPECT_GT(*std::max_element(dx.begin(), dx.end()), 0);
}

TEST(NetInPlace, ALayerThatChangesTheShapeIsRefused) {
  for (const char* layer :
       {"type: 'Convolution' convolution_param { num_output: 2 kernel_size: 3 }",
        "type: 'Pooling' pooling_param { kernel_size: 2 stride: 2 }",
        "type: 'Reduction' reduction_param { axis: 1 }"}) {
    expect_error(Code::kBadNet, "cannot work in place, because it changes the shape from",
                 [&] { net_with(layer, "x"); });
  }
}

TEST(NetInPlace, ChangedInputShapesAreFollowed) {
  const std::string layer =
      "type: 'Convolution' convolution_param { num_output: 2 kernel_size: 3 pad: 1 "
      "  weight_filler { type: 'xavier' } }";
  const auto net = make_net(
      "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 3 dim: 2 dim: 4 "
      "dim: 5 } } } layer { name: 'l' top: 'x' bottom: 'x' " +
          layer + " }",
      TEST);
  set_values(net->blob("x"), ramp(120));
  net->forward();
  const auto all = values(*net->blob("x"));
  net->blob("x")->reshape({1, 2, 4, 5});
  const auto numbers = ramp(120);
  set_values(net->blob("x"), {numbers.begin() + 40, numbers.begin() + 80});
  net->forward();
  EXPECT_EQ(net->blob("x")->shape(), Shape({1, 2, 4, 5}));
  const auto second = values(*net->blob("x"));
  for (size_t i = 0; i < second.size(); ++i) EXPECT_NEAR(second[i], all[40 + i], 1e-6);
}

}  // namespace
}  // namespace test
}  // namespace caffe
