#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<double>;

const std::vector<double> kPredictions = {0.5, -2,   0.1, 1.5,  0.25, -0.5,
                                          0.9, -0.3, 2,   -1.1, 0.7,  0.4};

// A loss, what it compares N = 2 items of kPredictions with, and the targets' shape per item.
struct Loss {
  const char* fields;
  Shape item, target;
  std::vector<double> targets;
};

const Loss kLosses[] = {
    {"type: 'SoftmaxWithLoss'", {3, 2}, {1, 2}, {2, 0, 1, 1}},
    {"type: 'SoftmaxWithLoss' loss_param { normalization: NONE }", {3, 2}, {1, 2}, {2, 0, 1, 1}},
    {"type: 'SoftmaxWithLoss' loss_param { ignore_label: 0 }", {3, 2}, {1, 2}, {2, 0, 1, 1}},
    {"type: 'SoftmaxWithLoss' softmax_param { axis: 2 }", {3, 2}, {3}, {1, 0, 1, 1, 0, 0}},
    {"type: 'SigmoidCrossEntropyLoss'", {6}, {6}, {1, 0, 0.5, 1, 0, 1, 0, 0, 1, 0.25, 1, 0}},
    {"type: 'SigmoidCrossEntropyLoss' loss_param { ignore_label: 0 normalization: VALID }",
     {6},
     {6},
     {1, 0, 1, 1, 0, 1, 0, 0, 1, 1, 1, 0}},
    {"type: 'EuclideanLoss'", {2, 3}, {6}, {1, 2, 3, 0, 0, 0, -1, -1, 0.5, 2, 0, 1}},
    {"type: 'HingeLoss'", {6}, {1}, {5, 2}},
    {"type: 'HingeLoss' hinge_loss_param { norm: L2 }", {6}, {1}, {5, 2}},
};

Shape batch_of(int64_t items, Shape item) {
  item.insert(item.begin(), items);
  return item;
}

// The items of `order` with their targets, and with `weights` unless they are empty.
Case loss_of(const Loss& loss, const std::vector<int>& order, const std::vector<double>& weights) {
  const auto n = static_cast<int64_t>(order.size());
  std::vector<Shape> shapes = {batch_of(n, loss.item), batch_of(n, loss.target)};
  if (!weights.empty()) shapes.push_back({n});
  Case layer(loss.fields, shapes);
  std::vector<double> x, t;
  const size_t per_item = loss.targets.size() / 2;
  for (const int item : order) {
    x.insert(x.end(), kPredictions.begin() + item * 6, kPredictions.begin() + item * 6 + 6);
    const auto first = loss.targets.begin() + static_cast<int64_t>(item * per_item);
    t.insert(t.end(), first, first + static_cast<int64_t>(per_item));
  }
  Case::set(layer.bottom(0), x);
  Case::set(layer.bottom(1), t);
  layer.propagate() = {true, false};
  if (!weights.empty()) {
    Case::set(layer.bottom(2), weights);
    layer.propagate().push_back(false);
  }
  return layer;
}

TEST(WeightedLossLayer, Gradient) {
  for (const Loss& loss : kLosses) {
    SCOPED_TRACE(loss.fields);
    Case layer = loss_of(loss, {0, 1}, {0.25, 3});
    check_gradients(layer);
  }
  Case both("type: 'EuclideanLoss'", {{2, 3}, {2, 3}, {2, 1}});
  both.propagate() = {true, true, false};
  check_gradients(both);
}

// But for what the sum is divided by.
TEST(WeightedLossLayer, AnItemOfWeightThreeIsThreeItems) {
  for (const Loss& loss : kLosses) {
    SCOPED_TRACE(loss.fields);
    Case weighted = loss_of(loss, {0, 1}, {3, 1});
    Case repeated = loss_of(loss, {0, 0, 0, 1}, {});
    Case plain = loss_of(loss, {0, 1}, {});
    Case ones = loss_of(loss, {0, 1}, {1, 1});
    const double norm = [&] {  // what two items, and four, are divided by
      Case twice = loss_of(loss, {0, 1, 0, 1}, {});
      return plain.setup().forward() * 2 / twice.setup().forward();
    }();
    EXPECT_DOUBLE_EQ(ones.setup().forward(), plain.forward());
    const bool ignores = std::string(loss.fields).find("ignore") != std::string::npos;
    if (ignores) continue;  // the normaliser depends on which items there are
    EXPECT_NEAR(weighted.setup().forward(), repeated.setup().forward() * norm, 1e-9);
    weighted.backward();
    repeated.backward();
    const std::vector<double> dx = Case::diff(weighted.bottom(0));
    const std::vector<double> each = Case::diff(repeated.bottom(0));
    for (size_t i = 0; i < 6; ++i) EXPECT_NEAR(dx[i], 3 * each[i] * norm, 1e-9);
    for (size_t i = 0; i < 6; ++i) EXPECT_NEAR(dx[6 + i], each[18 + i] * norm, 1e-9);
  }
}

TEST(WeightedLossLayer, WeightZeroIsNoItem) {
  for (const Loss& loss : kLosses) {
    SCOPED_TRACE(loss.fields);
    Case layer = loss_of(loss, {0, 1}, {0, 0});
    EXPECT_EQ(layer.setup().forward(), 0);
    layer.backward();
    for (const double d : Case::diff(layer.bottom(0))) EXPECT_EQ(d, 0);
  }
}

TEST(WeightedLossLayer, Errors) {
  Case count("type: 'HingeLoss'", {{2, 3}, {2}, {3}});
  expect_error(Code::kShape, "need 2 weights, but they have shape", [&] { count.setup(); });
  Case axis("type: 'SoftmaxWithLoss' softmax_param { axis: 0 }", {{3, 3}, {3}, {3}});
  expect_error(Code::kBadNet, "weights items along axis 0", [&] { axis.setup(); });
  for (const Loss& loss : kLosses) {
    Case layer = loss_of(loss, {0, 1}, {1, 2});
    layer.propagate() = {true, false, true};
    layer.setup().forward();
    expect_error(Code::kUnsupported, "its weights", [&] { layer.backward(); });
    EXPECT_FALSE(layer.layer().allow_force_backward(2));
  }
}

}  // namespace
}  // namespace test
}  // namespace caffe
