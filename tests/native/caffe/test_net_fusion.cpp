// Layers that do the work of those behind them: passes of the whole net, in which they do, against
// passes layer by layer, in which they do not.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/backend_orders.hpp"
#include "support/block_nets.hpp"

namespace caffe {
namespace test {
namespace {

std::string net_of(const std::string& layers) {
  return "force_backward: true "
         "layer { name: 'in' type: 'Input' top: 'x' top: 'target' "
         "  input_param { shape { dim: 4 dim: 3 dim: 6 dim: 5 } shape { dim: 4 dim: 7 } } }" +
         layers +
         layer("ip", "y", "ip",
               "type: 'InnerProduct' inner_product_param { num_output: 7 "
               "weight_filler { type: 'xavier' } bias_filler { value: 0.1 } }") +
         relu("ip") +
         "layer { name: 'loss' type: 'EuclideanLoss' bottom: 'ip' bottom: 'target' top: 'loss' }";
}

// A residual block of two branches.
std::string block(const std::string& fields = "", const std::string& scale = "bias_term: true") {
  return conv("x", "a") + normalise("a", fields, scale) + relu("a") + conv("a", "b") +
         normalise("b", fields, scale) + conv("a", "c") + relu("c") +
         "layer { name: 'y' type: 'Eltwise' bottom: 'b' bottom: 'c' top: 'y' }" + relu("y");
}

std::unique_ptr<Net<float>> build(const std::string& layers, Phase phase = TRAIN) {
  auto net = make_net(net_of(layers), phase);
  set_values(net->blob("x"), ramp(net->blob("x")->count()));
  return net;
}

void backward_by_layers(Net<float>* net) {
  for (int i = net->num_layers() - 1; i >= 0; --i) net->backward(i, i);
}

class Fusion : public testing::TestWithParam<std::vector<Backend>> {
 protected:
  const BackendScope scope_{GetParam()};
};

TEST_P(Fusion, EqualsLayerByLayer) {
  for (const char* fields :
       {"", "eps: 0.1 moving_average_fraction: 0.5", "use_global_stats: true"}) {
    for (const char* scale : {"bias_term: true", "bias_term: false"}) {
      SCOPED_TRACE(cat(fields, " ", scale));
      const auto fused = build(block(fields, scale)), apart = build(block(fields, scale));
      for (int pass = 0; pass < 2; ++pass) {  // the second one adds to the gradients
        fused->forward();
        fused->backward();
        forward_by_layers(apart.get());
        backward_by_layers(apart.get());
      }
      expect_same(*fused, *apart, true);
    }
  }
}

TEST_P(Fusion, EqualsLayerByLayerInTestNets) {
  const auto fused = build(block("eps: 0.1"), TEST), apart = build(block("eps: 0.1"), TEST);
  fused->forward();
  forward_by_layers(apart.get());
  expect_same(*fused, *apart, false);
  fused->backward();  // for which TEST nets are not made
  backward_by_layers(apart.get());
  expect_same(*fused, *apart, true);
}

// Wherever a backward pass begins or ends, the values between the layers are there.
TEST_P(Fusion, ABackwardPassMayBeCutAnywhere) {
  const int layers = build(block())->num_layers();
  for (int cut = 1; cut < layers; ++cut) {
    SCOPED_TRACE(cut);
    const auto fused = build(block()), apart = build(block());
    fused->forward();
    fused->backward(layers - 1, cut);
    fused->backward(cut - 1, 0);
    forward_by_layers(apart.get());
    backward_by_layers(apart.get());
    expect_same(*fused, *apart, true);
  }
}

INSTANTIATE_TEST_SUITE_P(Net, Fusion, backend_orders(), order_param_name);

TEST(NetFusion, StepsAreLayersThatRunTogether) {
  const auto net = build(block());
  const std::vector<std::string> expected = {"in",
                                             "a",
                                             "bn_a + scale_a + relu_a",
                                             "a_relu_a_0_split",
                                             "b",
                                             "bn_b + scale_b",
                                             "c + relu_c",
                                             "y + relu_y",
                                             "ip",
                                             "relu_ip",
                                             "loss"};
  EXPECT_EQ(steps_of(*net), expected);
}

TEST(NetFusion, PredictionPutsWhatIsAffineIntoWeights) {
  for (const char* fields : {"bias_term: true", "bias_term: false"}) {
    const auto fused = predictor(block("", fields)), apart = predictor(block("", fields));
    EXPECT_EQ(steps_of(*fused),
              (std::vector<std::string>{"in", "a + bn_a + scale_a + relu_a", "a_relu_a_0_split",
                                        "b + bn_b + scale_b", "c + relu_c", "y + relu_y"}));
    fused->forward();
    forward_by_layers(apart.get());
    expect_same(*fused, *apart, false);
  }
}

TEST(NetFusion, PredictionFollowsChangedWeights) {
  const auto fused = predictor(block()), apart = predictor(block());
  fused->forward();
  for (Net<float>* net : {fused.get(), apart.get()}) {
    for (const char* name : {"a", "bn_a", "scale_b"}) {
      Blob<float>* blob = net->layer(net->layer_index(name)).blobs()[0].get();
      set_values(blob, std::vector<float>(blob->count(), 0.1f));
    }
  }
  fused->forward();
  forward_by_layers(apart.get());
  expect_same(*fused, *apart, false);
  float* const handed_out = fused->layer(fused->layer_index("b")).blobs()[0]->data().pin();
  fused->forward();
  handed_out[5] = 0.7f;
  apart->layer(apart->layer_index("b")).blobs()[0]->mutable_cpu_data()[5] = 0.7f;
  fused->forward();
  forward_by_layers(apart.get());
  expect_same(*fused, *apart, false);
}

// Its numbers are those of other parameters then, and backward needs the values between.
TEST(NetFusion, NetsWithABackwardPassKeepTheirWeights) {
  const auto net = build(block(), TEST);
  EXPECT_EQ(steps_of(*net)[1], "a");
  net->forward();
  net->backward();
}

// A blob with a name of its own is kept as it is, and so is what cannot be computed along.
TEST(NetFusion, WhatIsVisibleOrDifferentIsApart) {
  const auto net =
      build(conv("x", "a") + layer("apart", "a", "a2", "type: 'ReLU'") + conv("a2", "b") +
            layer("leaky", "b", "b", "type: 'ReLU' relu_param { negative_slope: 0.1 }") +
            layer("bn", "b", "n", "type: 'BatchNorm'") +
            layer("rows", "n", "n", "type: 'Scale' scale_param { axis: 2 }") +
            layer("y", "n", "y", "type: 'TanH'") + relu("y"));
  for (const auto& step : net->steps()) {
    EXPECT_EQ(step.last, step.first) << net->layer(step.first).name();
  }
  net->forward();
  const auto before = values(*net->blob("a")), after = values(*net->blob("a2"));
  EXPECT_LT(*std::min_element(before.begin(), before.end()), 0);
  EXPECT_GE(*std::min_element(after.begin(), after.end()), 0);
}

// Rectifiers that let them vanish would have nets train on.
TEST(NetFusion, NaNIsNotRectified) {
  for (const char* layers : {"a", "bn"}) {
    const std::string first = conv("x", "y");
    const auto net =
        build(layers == std::string("a")
                  ? first + relu("y")
                  : first + layer("p", "y", "y", "type: 'Power'") + normalise("y") + relu("y"));
    std::vector<float> x = ramp(net->blob("x")->count());
    x[7] = std::numeric_limits<float>::quiet_NaN();
    set_values(net->blob("x"), x);
    EXPECT_TRUE(std::isnan(net->forward())) << layers;
  }
}

TEST(NetFusion, DebugInfoShowsEveryLayer) {
  const auto fused = build(block()), shown = build(block());
  shown->set_debug_info(true);
  for (Net<float>* net : {fused.get(), shown.get()}) {
    net->forward();
    net->backward();
  }
  expect_same(*shown, *fused, true);
}

TEST(NetFusion, ChangedShapesAreFollowed) {
  const auto fused = build(block()), fresh = build(block());
  fused->forward();
  fused->backward();
  for (Net<float>* net : {fused.get(), fresh.get()}) {
    net->blob("x")->reshape({2, 3, 6, 5});
    net->blob("target")->reshape({2, 7});
    set_values(net->blob("x"), ramp(180));
  }
  for (int i = 0; i < fresh->num_layers(); ++i) {  // the statistics
    for (size_t k = 0; k < fresh->layer(i).blobs().size(); ++k) {
      set_values(fresh->layer(i).blobs()[k].get(), values(*fused->layer(i).blobs()[k]));
    }
  }
  fused->clear_param_diffs();
  for (Net<float>* net : {fused.get(), fresh.get()}) {
    net->forward();
    net->backward();
  }
  expect_same(*fused, *fresh, true);
}

}  // namespace
}  // namespace test
}  // namespace caffe
