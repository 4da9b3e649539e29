#include <gtest/gtest.h>
#include <omp.h>

#include "caffe/java_data_layer.hpp"
#include "support/expect_error.hpp"
#include "support/net_case.hpp"

namespace caffe {
namespace test {
namespace {

const char kConvNet[] =
    "layer { name: 'in' type: 'Input' top: 'x' "
    "  input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }"
    "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c' "
    "  convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: 'xavier' } } }"
    "layer { name: 'r' type: 'ReLU' bottom: 'c' top: 'c' }"
    "layer { name: 'p' type: 'Pooling' bottom: 'c' top: 'p' "
    "  pooling_param { kernel_size: 2 stride: 2 } }";

const char kFedNet[] =
    "layer { name: 'd' type: 'JavaData' top: 'd' java_data_param { shape { dim: 2 dim: 3 } } }"
    "layer { name: 'l' type: 'JavaData' top: 'l' java_data_param { shape { dim: 2 dim: 1 } } }"
    "layer { name: 'ip' type: 'InnerProduct' bottom: 'd' top: 'ip' "
    "  inner_product_param { num_output: 2 weight_filler { type: 'xavier' } } }"
    "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'l' top: 'loss' }";

TEST(NetRun, ChangedInputShapesAreFollowed) {
  const auto net = make_net(kConvNet, TEST);
  set_values(net->blob("x"), ramp(2 * 3 * 64));
  net->forward();
  const auto both = values(*net->blob("p"));
  EXPECT_EQ(net->blob("p")->shape(), Shape({2, 4, 3, 3}));
  // A smaller batch gives the same values for its items.
  net->blob("x")->reshape({1, 3, 8, 8});
  const auto all = ramp(2 * 3 * 64);
  set_values(net->blob("x"), {all.begin() + 192, all.end()});
  net->forward();
  EXPECT_EQ(net->blob("p")->shape(), Shape({1, 4, 3, 3}));
  const auto second = values(*net->blob("p"));
  for (size_t i = 0; i < second.size(); ++i) EXPECT_NEAR(second[i], both[36 + i], 1e-5);
  // And back to a larger one.
  net->blob("x")->reshape({3, 3, 10, 10});
  net->reshape();
  EXPECT_EQ(net->blob("p")->shape(), Shape({3, 4, 4, 4}));
  net->forward();
  EXPECT_EQ(values(*net->blob("p")).size(), 3u * 4 * 16);
}

// The last minibatch of a data set is often a smaller one.
TEST(NetRun, BatchesThatShrinkAndGrowCostNoMemoryAndNoConversions) {
  const auto net = make_net(kConvNet, TEST);
  const auto run = [&](int64_t batch) {
    net->blob("x")->reshape({batch, 3, 8, 8});
    net->reshape();
    net->forward();
  };
  for (const int64_t batch : {3, 1, 3}) run(batch);
  const int64_t bytes = allocated_bytes();
  for (const int64_t batch : {1, 3, 2, 3}) {
    const auto conversions = [&] {
      int64_t all = 0;
      for (const auto& blob : net->blobs()) all += blob->data().conversions();
      return all;
    };
    const int64_t before = conversions();
    run(batch);
    const int64_t with_reshape = conversions() - before;
    net->forward();
    EXPECT_EQ(with_reshape, conversions() - before - with_reshape) << batch;
  }
  EXPECT_EQ(allocated_bytes(), bytes);
}

TEST(NetRun, InputsKeepTheirValuesInOtherShapes) {
  const auto net = make_net(kConvNet, TEST);
  set_values(net->blob("x"), ramp(2 * 3 * 64));
  net->forward();
  net->blob("x")->reshape({1, 3, 8, 8});
  net->reshape();
  const auto all = ramp(2 * 3 * 64);
  EXPECT_EQ(values(*net->blob("x")), std::vector<float>(all.begin(), all.begin() + 192));
}

TEST(NetRun, AnImpossibleInputShapeNamesTheLayer) {
  const auto net = make_net(kConvNet, TEST);
  net->forward();
  net->blob("x")->reshape({2, 5, 8, 8});
  expect_error(Code::kShape, "layer 'c'", [&] { net->forward(); });
  net->blob("x")->reshape({2, 3, 8, 8});
  net->forward();
}

TEST(NetRun, RangesRunOnlyTheirLayers) {
  const auto net = make_net(kConvNet, TEST);
  set_values(net->blob("x"), ramp(2 * 3 * 64));
  net->forward();
  const auto pooled = values(*net->blob("p"));
  set_values(net->blob("x"), std::vector<float>(2 * 3 * 64, 0.5f));
  net->forward(0, 0);
  EXPECT_EQ(values(*net->blob("p")), pooled);
  net->forward(1, 3);
  EXPECT_NE(values(*net->blob("p")), pooled);
  expect_error(Code::kInvalidArgument, "are not in 0..3", [&] { net->forward(0, 4); });
  expect_error(Code::kInvalidArgument, "are not in 0..3", [&] { net->backward(3, -1); });
}

TEST(NetRun, BackwardNeedsForwardFirst) {
  const auto net = make_net(kConvNet);
  expect_error(Code::kState, "forward", [&] { net->backward(); });
}

TEST(NetRun, TheFeedFillsAllJavaDataTops) {
  const auto net = make_net(kFedNet);
  int calls = 0;
  net->set_feed([&](const std::vector<float*>& tops, const std::vector<int64_t>& counts) {
    ++calls;
    ASSERT_EQ(counts, std::vector<int64_t>({6, 2}));
    for (int i = 0; i < 6; ++i) tops[0][i] = static_cast<float>(i);
    tops[1][0] = 1;
    tops[1][1] = 0;
  });
  EXPECT_GT(net->forward(), 0);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(values(*net->blob("d")), std::vector<float>({0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(values(*net->blob("l")), std::vector<float>({1, 0}));
}

TEST(NetRun, AFailingFeedFailsThePassAndNothingElse) {
  const auto net = make_net(kFedNet);
  bool fails = true;
  net->set_feed([&](const std::vector<float*>& tops, const std::vector<int64_t>& counts) {
    require(!fails, Code::kCallback, "no data today");
    for (size_t i = 0; i < tops.size(); ++i) std::fill_n(tops[i], counts[i], 0.f);
  });
  const auto before = weights(*net);
  expect_error(Code::kCallback, "no data today", [&] { net->forward(); });
  EXPECT_EQ(weights(*net), before);
  fails = false;
  EXPECT_GT(net->forward(), 0);
}

TEST(NetRun, WithoutFeedOrCallbackTheLayerIsNamed) {
  const auto net = make_net(kFedNet);
  expect_error(Code::kCallback, "layer 'd'", [&] { net->forward(); });
}

TEST(NetRun, BatchSizeChangesAllFedLayers) {
  const auto net = make_net(kFedNet);
  net->set_batch_size(5);
  EXPECT_EQ(net->blob("d")->shape(), Shape({5, 3}));
  EXPECT_EQ(net->blob("l")->shape(), Shape({5, 1}));
  EXPECT_EQ(net->blob("ip")->shape(), Shape({5, 2}));
  net->set_feed([&](const std::vector<float*>& tops, const std::vector<int64_t>& counts) {
    ASSERT_EQ(counts, std::vector<int64_t>({15, 5}));
    for (size_t i = 0; i < tops.size(); ++i) std::fill_n(tops[i], counts[i], 0.f);
  });
  EXPECT_NEAR(net->forward(), std::log(2.f), 1e-6);
  expect_error(Code::kInvalidArgument, "batch size 0", [&] { net->set_batch_size(0); });
}

TEST(NetRun, TheCallersThreadCountIsLeftAlone) {
  const int before = omp_get_max_threads();
  Net<float> net(net_param(kConvNet), std::make_shared<Random>(1), before + 1);
  EXPECT_EQ(net.threads(), before + 1);
  net.forward();
  EXPECT_EQ(omp_get_max_threads(), before);
}

TEST(NetRun, EqualSeedsGiveEqualWeights) {
  const auto a = make_net(kConvNet, TRAIN, 3), b = make_net(kConvNet, TRAIN, 3),
             c = make_net(kConvNet, TRAIN, 4);
  EXPECT_EQ(weights(*a), weights(*b));
  EXPECT_NE(weights(*a), weights(*c));
}

// A Filter's top has a shape that depends on values; layers behind it must not take an older one
// for theirs.
const char kFiltered[] =
    "force_backward: true "
    "layer { name: 'in' type: 'Input' top: 'x' top: 's' "
    "  input_param { shape { dim: 8 dim: 1 } shape { dim: 8 } } }"
    "layer { name: 'filter' type: 'Filter' bottom: 'x' bottom: 's' top: 'f' "
    "  propagate_down: true propagate_down: false }"
    "layer { name: 'twice' type: 'Power' bottom: 'f' top: 'y' power_param { scale: 2 } }";

void select(Net<float>* net, const std::vector<float>& selector) {
  const int64_t items = static_cast<int64_t>(selector.size());
  net->blob("x")->reshape({items, 1});
  net->blob("s")->reshape({items});
  set_values(net->blob("x"), std::vector<float>(items, 1.f));
  set_values(net->blob("s"), selector);
}

TEST(NetRun, ShapesThatDependOnValuesAreFollowed) {
  const auto net = make_net(kFiltered, TEST);
  for (const std::vector<float>& selector :
       {std::vector<float>{1, 0, 1, 0, 1, 0, 0, 0}, std::vector<float>{1, 1, 1, 0, 0, 0},
        std::vector<float>{0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0}}) {
    select(net.get(), selector);
    net->forward();
    EXPECT_EQ(net->blob("y")->shape(), (Shape{3, 1}));
    EXPECT_EQ(values(*net->blob("y")), (std::vector<float>{2, 2, 2}));
  }
}

TEST(NetRun, BackwardNeedsTheShapesOfForward) {
  const auto net = make_net(kFiltered, TEST);
  select(net.get(), {1, 0, 0, 0, 0, 0, 0, 0});
  net->forward();
  set_values(net->blob("s"), std::vector<float>(8, 1.f));
  net->forward(0, 1);  // 'twice' has not seen the 8 items
  expect_error(Code::kState, "layer 'twice' (Power): has had no forward pass since it was shaped",
               [&] { net->backward(); });
}

// What a layer keeps for backward is of no use after a reshape until it has run again; here
// BatchNorm's is of two items, then of nine.
TEST(NetRun, BackwardNeedsAForwardPassOfEveryLayer) {
  const auto net = make_net(
      "force_backward: true "
      "layer { name: 'in' type: 'Input' top: 'x' "
      "  input_param { shape { dim: 2 dim: 8 dim: 7 dim: 7 } } }"
      "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c' convolution_param { "
      "  num_output: 8 kernel_size: 3 weight_filler { type: 'xavier' } } }"
      "layer { name: 'bn' type: 'BatchNorm' bottom: 'c' top: 'b' }"
      "layer { name: 'twice' type: 'Power' bottom: 'b' top: 'y' power_param { scale: 2 } }");
  const int last = net->num_layers() - 1;
  const char refused[] = "layer 'bn' (BatchNorm): has had no forward pass since";
  net->forward(last, last);
  expect_error(Code::kState, refused, [&] { net->backward(); });
  net->forward();
  net->backward();
  net->forward(last, last);  // the shapes are still those
  net->backward();
  net->blob("x")->reshape({9, 8, 7, 7});
  net->forward(last, last);
  expect_error(Code::kState, refused, [&] { net->backward(); });
  net->backward(last, last);
  net->forward();
  net->backward();
}

// What fails once fails again, and does not run on half a shape.
TEST(NetRun, AShapeThatWasRefusedIsRefusedAgain) {
  const auto net = make_net(
      "layer { name: 'in' type: 'Input' top: 'x' top: 's' top: 'e' "
      "  input_param { shape { dim: 8 dim: 1 } shape { dim: 8 } shape { dim: 8 dim: 1 } } }"
      "layer { name: 'filter' type: 'Filter' bottom: 'x' bottom: 's' top: 'f' }"
      "layer { name: 'sum' type: 'Eltwise' bottom: 'f' bottom: 'e' top: 'y' }",
      TEST);
  set_values(net->blob("s"), {1, 0, 0, 0, 0, 0, 0, 0});
  for (int i = 0; i < 3; ++i) {
    expect_error(Code::kShape, "layer 'sum' (Eltwise)", [&] { net->forward(); });
  }
  set_values(net->blob("s"), std::vector<float>(8, 1.f));
  set_values(net->blob("e"), std::vector<float>(8, 1.f));
  set_values(net->blob("x"), std::vector<float>(8, 1.f));
  net->forward();
  EXPECT_EQ(values(*net->blob("y")), std::vector<float>(8, 2.f));
}

}  // namespace
}  // namespace test
}  // namespace caffe
