#include <algorithm>

#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"
#include "support/net_case.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<float>;

const char kText[] = "type: 'Filter'";

TEST(FilterLayer, KeepsSelectedItems) {
  Case layer(kText, {{3, 2}, {3, 1, 1}, {3, 1}}, 2);
  Case::set(layer.bottom(0), {1, 2, 3, 4, 5, 6});
  Case::set(layer.bottom(1), {7, 8, 9});
  layer.setup();
  EXPECT_EQ(layer.top(0).shape(), (Shape{3, 2}));  // nothing is known of the values yet
  Case::set(layer.bottom(2), {1, 0, -2});
  layer.forward();
  EXPECT_EQ(layer.top(0).shape(), (Shape{2, 2}));
  EXPECT_EQ(Case::data(layer.top(0)), (std::vector<float>{1, 2, 5, 6}));
  EXPECT_EQ(layer.top(1).shape(), (Shape{2, 1, 1}));
  EXPECT_EQ(Case::data(layer.top(1)), (std::vector<float>{7, 9}));
  Case::set_diff(layer.top(0), {1, 2, 3, 4});
  Case::set_diff(layer.top(1), {5, 6});
  layer.propagate()[2] = false;
  layer.backward();
  EXPECT_EQ(Case::diff(layer.bottom(0)), (std::vector<float>{1, 2, 0, 0, 3, 4}));
  EXPECT_EQ(Case::diff(layer.bottom(1)), (std::vector<float>{5, 0, 6}));
  Case::set(layer.bottom(2), {0, 0, 0});
  layer.forward();
  EXPECT_EQ(layer.top(0).shape(), (Shape{0, 2}));
}

TEST(FilterLayer, Gradient) {
  LayerCase<double> layer(kText, {{4, 2, 2}, {4}});
  LayerCase<double>::set(layer.bottom(1), {0, 1, 0, 1});
  layer.propagate()[1] = false;
  check_gradients(layer);
}

// Layers behind follow the number of items, forth and back, from batch to batch.
TEST(FilterLayer, InANet) {
  auto net = make_net(
      "layer { name: 'in' type: 'Input' top: 'x' top: 'select' "
      "  input_param { shape { dim: 4 dim: 3 } shape { dim: 4 } } }"
      "layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'ip' "
      "  inner_product_param { num_output: 2 weight_filler { type: 'xavier' } } }"
      "layer { name: 'f' type: 'Filter' bottom: 'ip' bottom: 'select' top: 'f' }"
      "layer { name: 't' type: 'TanH' bottom: 'f' top: 't' }"
      "layer { name: 'sum' type: 'Reduction' bottom: 't' top: 'sum' loss_weight: 1 }");
  for (const std::vector<float>& select :
       {std::vector<float>{1, 0, 0, 1}, {0, 1, 0, 0}, {1, 1, 1, 1}}) {
    set_values(net->blob("x"), ramp(12));
    set_values(net->blob("select"), select);
    net->forward();
    const int64_t kept = std::count(select.begin(), select.end(), 1.f);
    EXPECT_EQ(net->blob("t")->shape(), (Shape{kept, 2}));
    net->clear_param_diffs();
    net->backward();
    const std::vector<float> dx = gradients(*net->blob("ip"));
    for (size_t i = 0; i < dx.size(); ++i) EXPECT_EQ(dx[i] != 0, select[i / 2] != 0) << i;
  }
}

// A batch of nothing runs through the usual layers.
TEST(FilterLayer, NothingSelected) {
  auto net = make_net(
      "layer { name: 'in' type: 'Input' top: 'x' top: 'label' top: 'select' "
      "  input_param { shape { dim: 3 dim: 2 dim: 5 dim: 5 } shape { dim: 3 } shape { dim: 3 } } }"
      "layer { name: 'f' type: 'Filter' bottom: 'x' bottom: 'label' bottom: 'select' "
      "  top: 'fx' top: 'fl' }"
      "layer { name: 'c' type: 'Convolution' bottom: 'fx' top: 'c' "
      "  convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: 'xavier' } } }"
      "layer { name: 'b' type: 'BatchNorm' bottom: 'c' top: 'c' }"
      "layer { name: 'r' type: 'ReLU' bottom: 'c' top: 'c' }"
      "layer { name: 'p' type: 'Pooling' bottom: 'c' top: 'p' pooling_param { kernel_size: 2 } }"
      "layer { name: 'ip' type: 'InnerProduct' bottom: 'p' top: 'ip' "
      "  inner_product_param { num_output: 3 weight_filler { type: 'xavier' } } }"
      "layer { name: 'l' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'fl' top: 'loss' }");
  set_values(net->blob("x"), ramp(150));
  for (const std::vector<float>& select : {std::vector<float>{1, 1, 1}, {0, 0, 0}, {1, 0, 1}}) {
    set_values(net->blob("select"), select);
    const float loss = net->forward();
    EXPECT_EQ(loss > 0, select[0] == 1) << loss;
    net->clear_param_diffs();
    net->backward();
    float sum = 0;
    for (float value : gradients(*net->layer(net->layer_index("c")).blobs()[0])) {
      sum += std::abs(value);
    }
    EXPECT_EQ(sum > 0, select[0] == 1) << sum;
  }
}

TEST(FilterLayer, Errors) {
  Case counts(kText, {{3, 2}, {3, 2}, {3}}, 1);
  expect_error(Code::kBadNet, "one top per bottom", [&] { counts.setup(); });
  Case selector(kText, {{3, 2}, {3, 2}});
  expect_error(Code::kShape, "one value per item", [&] { selector.setup(); });
  Case items(kText, {{2, 2}, {3}});
  expect_error(Code::kShape, "has not as many items as the selector, 3", [&] { items.setup(); });
  Case wanted(kText, {{3, 2}, {3}});
  wanted.setup().forward();
  expect_error(Code::kUnsupported, "cannot give its selector", [&] { wanted.backward(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
