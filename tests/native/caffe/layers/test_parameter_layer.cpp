#include <gtest/gtest.h>

#include "support/layer_case.hpp"
#include "support/net_case.hpp"

namespace caffe {
namespace test {
namespace {

const char kText[] = "type: 'Parameter' parameter_param { shape { dim: 2 dim: 3 } }";

TEST(ParameterLayer, TopIsTheParameter) {
  LayerCase<float> layer(kText, {});
  layer.setup();
  EXPECT_EQ(layer.top().shape(), (Shape{2, 3}));
  LayerCase<float>::set(layer.blob(0), {1, 2, 3, 4, 5, 6});
  layer.forward();
  EXPECT_EQ(LayerCase<float>::data(layer.top()), (std::vector<float>{1, 2, 3, 4, 5, 6}));
  LayerCase<float>::set_diff(layer.top(), {6, 5, 4, 3, 2, 1});
  layer.backward();
  EXPECT_EQ(LayerCase<float>::diff(layer.blob(0)), (std::vector<float>{6, 5, 4, 3, 2, 1}));
}

std::string reduction(const std::string& bottom, const std::string& top) {
  return cat("layer { name: '", top, "' type: 'Reduction' bottom: '", bottom, "' top: '", top,
             "' loss_weight: 1 reduction_param { operation: SUMSQ } }");
}

// Two layers own one parameter; Split has shared the memory of the second one's top before.
TEST(ParameterLayer, IsSharedByName) {
  const auto parameter = [](const std::string& name) {
    return cat("layer { name: '", name, "' top: '", name, "' param { name: 'w' } ", kText, " }") +
           reduction(name, name + "_a") + reduction(name, name + "_b");
  };
  auto net = make_net(parameter("one") + parameter("two"));
  set_values(net->layer(0).blobs()[0].get(), {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(net->forward(), 4 * 91);
  EXPECT_EQ(values(*net->blob("two_b")), (std::vector<float>{91}));
  net->clear_param_diffs();
  net->backward();
  EXPECT_EQ(gradients(*net->layer(0).blobs()[0]), (std::vector<float>{8, 16, 24, 32, 40, 48}));
}

TEST(ParameterLayer, IsLearned) {
  auto solver =
      make_solver("base_lr: 0.5 lr_policy: 'fixed'",
                  cat("layer { name: 'w' top: 'w' ", kText, " }") + reduction("w", "loss"));
  set_values(solver->net().layer(0).blobs()[0].get(), {1, 2, 3, 4, 5, 6});
  solver->step(1);  // w - 0.5 * 2 * w = 0
  EXPECT_EQ(weights(solver->net()), std::vector<float>(6, 0));
}

}  // namespace
}  // namespace test
}  // namespace caffe
