#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"
#include "support/net_case.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<double>;

std::string batch_norm(const std::string& fields) {
  return "type: 'BatchNorm' batch_norm_param { " + fields + " }";
}

TEST(BatchNormLayer, NormalisesEveryChannel) {
  Case layer(batch_norm(""), {{2, 2, 1, 2}});
  Case::set(layer.bottom(), {1, 2, 10, 10, 3, 6, 10, 30});
  layer.setup().forward();
  // Channel 0: mean 3, variance (4 + 1 + 0 + 9) / 4; channel 1: mean 15, variance 75.
  const double eps = double(1e-5f), a = 1 / std::sqrt(3.5 + eps), b = 1 / std::sqrt(75 + eps);
  const double expected[] = {-2 * a, -a, -5 * b, -5 * b, 0, 3 * a, -5 * b, 15 * b};
  for (int i = 0; i < 8; ++i) EXPECT_NEAR(layer.top().cpu_data()[i], expected[i], 1e-12) << i;
}

TEST(BatchNormLayer, AccumulatesStatistics) {
  Case layer(batch_norm("moving_average_fraction: 0.5"), {{4, 1}});
  Case::set(layer.bottom(), {1, 2, 3, 6});
  layer.setup().forward();
  EXPECT_EQ(layer.blob(0).cpu_data()[0], 3);
  EXPECT_NEAR(layer.blob(1).cpu_data()[0], 14. / 3, 1e-12);  // the unbiased variance
  EXPECT_EQ(layer.blob(2).cpu_data()[0], 1);
  Case::set(layer.bottom(), {5, 5, 5, 5});
  layer.forward();
  EXPECT_EQ(layer.blob(0).cpu_data()[0], 0.5 * 3 + 5);
  EXPECT_NEAR(layer.blob(1).cpu_data()[0], 0.5 * 14 / 3, 1e-12);
  EXPECT_EQ(layer.blob(2).cpu_data()[0], 1.5);
}

TEST(BatchNormLayer, OneValuePerChannelHasVarianceZero) {
  Case layer(batch_norm(""), {{1, 2}});
  layer.setup().forward();
  EXPECT_EQ(Case::data(layer.top()), (std::vector<double>{0, 0}));
  EXPECT_EQ(layer.blob(1).cpu_data()[0], 0);
}

TEST(BatchNormLayer, EmptyBatchLeavesStatisticsAlone) {
  Case layer(batch_norm(""), {{0, 2, 3}});
  layer.setup().forward();
  layer.backward();
  EXPECT_EQ(Case::data(layer.blob(2)), (std::vector<double>{0}));
}

// In TEST, and where the net asks for it, statistics are the running ones.
TEST(BatchNormLayer, UsesRunningStatistics) {
  for (const auto& [fields, phase] :
       {std::pair<const char*, Phase>{"", TEST}, {"use_global_stats: true", TRAIN}}) {
    Case layer(batch_norm(fields), {{1, 2, 2}}, 1, phase);
    layer.setup();
    Case::set(layer.bottom(), {1, 3, 5, 9});
    Case::set(layer.blob(0), {2, 10});
    Case::set(layer.blob(1), {8, 18});
    Case::set(layer.blob(2), {2});
    layer.forward();
    const double eps = double(1e-5f), a = 1 / std::sqrt(4 + eps), b = 1 / std::sqrt(9 + eps);
    const double expected[] = {0, 2 * a, 0, 4 * b}, gradient[] = {a, a, b, b};
    Case::set_diff(layer.top(), {1, 1, 1, 1});
    layer.backward();
    for (int i = 0; i < 4; ++i) {
      EXPECT_NEAR(layer.top().cpu_data()[i], expected[i], 1e-12);
      EXPECT_NEAR(layer.bottom().cpu_diff()[i], gradient[i], 1e-12);
    }
    EXPECT_EQ(layer.blob(2).cpu_data()[0], 2);
  }
}

TEST(BatchNormLayer, WithoutRunningStatisticsMeanAndVarianceAreZero) {
  Case layer(batch_norm("eps: 0.25"), {{1, 1, 2}}, 1, TEST);
  Case::set(layer.bottom(), {1, -2});
  layer.setup().forward();
  EXPECT_EQ(Case::data(layer.top()), (std::vector<double>{2, -4}));
}

TEST(BatchNormLayer, Gradient) {
  for (const char* fields : {"", "eps: 0.1", "use_global_stats: true"}) {
    SCOPED_TRACE(fields);
    Case apart(batch_norm(fields), {{3, 2, 2, 2}}), in_place(batch_norm(fields), {{3, 2, 2, 2}});
    check_gradients(apart);
    check_gradients(in_place.in_place());
  }
  check_gradients(batch_norm(""), {{5, 3}});
}

// The usual Scale layer in place on the top must not spoil the gradient.
TEST(BatchNormLayer, GradientDoesNotDependOnTheTopsValues) {
  Case layer(batch_norm(""), {{4, 2}}), spoilt(batch_norm(""), {{4, 2}});
  for (Case* each : {&layer, &spoilt}) {
    each->setup().forward();
    if (each == &spoilt) Case::set(each->top(), std::vector<double>(8, 7));
    Case::set_diff(each->top(), {1, 2, -3, 4, 5, -6, 7, 8});
    each->backward();
  }
  EXPECT_EQ(Case::diff(layer.bottom()), Case::diff(spoilt.bottom()));
}

// Neither a learning rate nor weight decay touches the statistics.
TEST(BatchNormLayer, SolversLeaveStatisticsAlone) {
  auto solver =
      make_solver("base_lr: 0.5 lr_policy: 'fixed' momentum: 0.9 weight_decay: 0.1",
                  "layer { name: 'in' type: 'DummyData' top: 'x' top: 't' dummy_data_param { "
                  "  shape { dim: 4 dim: 2 } data_filler { value: 3 } } }"
                  "layer { name: 'bn' type: 'BatchNorm' bottom: 'x' top: 'y' "
                  "  batch_norm_param { moving_average_fraction: 0.5 } }"
                  "layer { name: 'ip' type: 'InnerProduct' bottom: 'y' top: 'ip' "
                  "  inner_product_param { num_output: 2 weight_filler { value: 1 } } }"
                  "layer { name: 'l' type: 'EuclideanLoss' bottom: 'ip' bottom: 't' top: 'l' }");
  solver->step(2);
  const auto& blobs = solver->net().layer(1).blobs();
  EXPECT_EQ(values(*blobs[0]), (std::vector<float>{4.5, 4.5}));
  EXPECT_EQ(values(*blobs[2]), (std::vector<float>{1.5}));
}

TEST(BatchNormLayer, Errors) {
  LayerCase<float> axes(batch_norm(""), {{4}});
  expect_error(Code::kShape, "channels on axis 1", [&] { axes.setup(); });
  LayerCase<float> learned("type: 'BatchNorm' param { lr_mult: 0 } param { lr_mult: 1 }", {{4, 2}});
  expect_error(Code::kBadNet, "lr_mult of parameter 1 must be 0", [&] { learned.setup(); });
  LayerCase<float> changed(batch_norm(""), {{4, 2}});
  changed.setup();
  changed.bottom().reshape({4, 3});
  expect_error(Code::kShape, "was set up for 2 channels", [&] { changed.forward(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
