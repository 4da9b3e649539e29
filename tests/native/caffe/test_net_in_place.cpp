// Layers in place: the net equals one in which their tops have names of their own, and what the
// blob of that name shows is what Caffe's one array would have.
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
                    "type: 'LRN' lrn_param { local_size: 3 alpha: 2 }",
                    "type: 'LRN' lrn_param { local_size: 3 alpha: 2 norm_region: WITHIN_CHANNEL }",
                    "type: 'BatchNorm' param { lr_mult: 0 }",
                    "type: 'BatchNorm' batch_norm_param { use_global_stats: true }",
                    "type: 'Scale' scale_param { bias_term: true filler { value: 1.5 } }",
                    "type: 'Scale' bottom: 'target' scale_param { axis: 0 }",
                    "type: 'Bias' bias_param { filler { value: 0.5 } }", "type: 'PReLU'",
                    "type: 'MVN'", "type: 'Softmax'",
                    "type: 'ReLU' relu_param { negative_slope: -0.5 }",
                    "type: 'ELU' elu_param { alpha: -0.5 }", "type: 'Swish'",
                    "type: 'Eltwise' bottom: 'target' eltwise_param { operation: MAX }",
                    "type: 'Eltwise' bottom: 'target' eltwise_param { operation: PROD }",
                    "type: 'Eltwise' bottom: 'target' eltwise_param { coeff: 2 coeff: -1 }",
                    "type: 'Concat'", "type: 'Slice'", "type: 'Tile' tile_param { tiles: 1 }",
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

// Sequences of 3 steps in 2 streams.
TEST(NetInPlace, RecurrentLayers) {
  for (const char* type : {"RNN", "LSTM"}) {
    const auto net = [&](const std::string& top) {
      return make_net(
          cat("force_backward: true "
              "layer { name: 'in' type: 'Input' top: 'x' top: 'cont' top: 'target' "
              "  input_param { shape { dim: 3 dim: 2 dim: 4 } shape { dim: 3 dim: 2 } "
              "                shape { dim: 3 dim: 2 dim: 4 } } }"
              "layer { name: 'l' type: '",
              type, "' bottom: 'x' bottom: 'cont' top: '", top,
              "' propagate_down: true propagate_down: false recurrent_param { "
              "  num_output: 4 weight_filler { type: 'xavier' } } }"
              "layer { name: 'loss' type: 'EuclideanLoss' bottom: '",
              top, "' bottom: 'target' }"));
    };
    const auto apart = net("y"), same = net("x");
    for (Net<float>* one : {apart.get(), same.get()}) {
      set_values(one->blob("x"), ramp(24));
      set_values(one->blob("cont"), {0, 0, 1, 1, 1, 0});
      one->forward();
      one->backward();
    }
    EXPECT_EQ(values(*same->blob("x")), values(*apart->blob("y"))) << type;
    EXPECT_EQ(gradients(*same->blob("x")), gradients(*apart->blob("x"))) << type;
  }
}

// Memory that a Split and a Flatten share: a layer in place must not change what others read.
TEST(NetInPlace, OtherReadersOfTheSameMemoryKeepTheirValues) {
  const auto net = [](const char* top) {
    return make_net(
        cat("layer { name: 'in' type: 'Input' top: 'x' "
            "  input_param { shape { dim: 2 dim: 3 dim: 2 } } }"
            "layer { name: 'power' type: 'Power' bottom: 'x' top: 'p' "
            "  power_param { scale: -1 } }"
            "layer { name: 'flat' type: 'Flatten' bottom: 'p' top: 'f' }"
            "layer { name: 'relu' type: 'ReLU' bottom: 'f' top: '",
            top,
            "' }"
            "layer { name: 'more' type: 'Power' bottom: 'p' top: 'q' }"));
  };
  const auto apart = net("y"), same = net("f");
  for (Net<float>* one : {apart.get(), same.get()}) {
    set_values(one->blob("x"), ramp(12));
    one->forward();
  }
  EXPECT_EQ(values(*same->blob("f")), values(*apart->blob("y")));
  EXPECT_EQ(values(*same->blob("q")), values(*apart->blob("q")));
  EXPECT_NE(values(*same->blob("f")), values(*same->blob("q")));
}

// To users the blob is one array, wherever a run begins and ends.
TEST(NetInPlace, RunsBeginAndEndWithWhatTheBlobShows) {
  const auto net = make_net(
      "force_backward: true "
      "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 3 } } }"
      "layer { name: 'twice' type: 'Power' bottom: 'x' top: 'y' power_param { scale: 2 } }"
      "layer { name: 'square' type: 'Power' bottom: 'y' top: 'y' power_param { power: 2 } }"
      "layer { name: 'cube' type: 'Power' bottom: 'y' top: 'y' power_param { power: 3 } }");
  Blob<float>* const y = net->blob("y");
  set_values(net->blob("x"), {1, 2, -1});
  net->forward(0, 1);
  EXPECT_EQ(values(*y), (std::vector<float>{2, 4, -2}));
  net->forward(2, 2);
  EXPECT_EQ(values(*y), (std::vector<float>{4, 16, 4}));
  net->forward(3, 3);
  EXPECT_EQ(values(*y), (std::vector<float>{64, 4096, 64}));
  set_values(y, {1, 2, 3});  // between the layers
  net->forward(3, 3);
  EXPECT_EQ(values(*y), (std::vector<float>{1, 8, 27}));
  net->forward(0, 1);
  set_values(y, {3, 1, 2});
  net->forward(2, 3);
  EXPECT_EQ(values(*y), (std::vector<float>{729, 1, 64}));

  std::copy_n(std::vector<float>{1, 1, 1}.data(), 3, y->diff().write());
  net->backward(3, 3);  // 3 v^2 with v = 9, 1, 4
  EXPECT_EQ(gradients(*y), (std::vector<float>{243, 3, 48}));
  net->backward(2, 2);  // 2 v with v = 3, 1, 2
  EXPECT_EQ(gradients(*y), (std::vector<float>{1458, 6, 192}));
  std::copy_n(std::vector<float>{1, 2, 3}.data(), 3, y->diff().write());
  net->backward(1, 1);
  EXPECT_EQ(gradients(*net->blob("x")), (std::vector<float>{2, 4, 6}));
}

TEST(NetInPlace, HandedOutMemoryStaysTheBlobs) {
  const auto net = net_with("type: 'PReLU'", "x");
  fill(net.get());
  const float* const memory = net->blob("x")->data().pin();
  const float* const gradient = net->blob("x")->diff().pin();
  net->forward();
  net->backward();
  const auto apart = net_with("type: 'PReLU'", "y");
  fill(apart.get());
  apart->forward();
  apart->backward();
  EXPECT_EQ(std::vector<float>(memory, memory + 120), values(*apart->blob("y")));
  EXPECT_EQ(std::vector<float>(gradient, gradient + 120), gradients(*apart->blob("x")));
}

TEST(NetInPlace, LayersThatCaffeRefusesAreRefused) {
  for (const char* layer : {"type: 'AbsVal'", "type: 'Flatten' flatten_param { axis: 0 }",
                            "type: 'Reshape' reshape_param { shape { dim: -1 } }"}) {
    expect_error(Code::kBadNet, "cannot work in place: give its top another name than 'x'",
                 [&] { net_with(layer, "x"); });
  }
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
