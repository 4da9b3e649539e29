#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

std::string lrn(const std::string& fields) { return "type: 'LRN' lrn_param { " + fields + " }"; }

TEST(LRNLayer, AcrossChannels) {
  LayerCase<double> layer(lrn("local_size: 3 alpha: 0.6 beta: 0.5 k: 2"), {{1, 4, 1, 1}});
  LayerCase<double>::set(layer.bottom(), {1, 2, 3, 4});
  layer.setup().forward();
  const double windows[] = {1 + 4, 1 + 4 + 9, 4 + 9 + 16, 9 + 16};
  for (int c = 0; c < 4; ++c) {
    EXPECT_NEAR(layer.top().cpu_data()[c], (c + 1) / std::sqrt(2 + double(0.6f) / 3 * windows[c]),
                1e-12);
  }
}

TEST(LRNLayer, WithinChannelFixesKAndDividesByTheWholeWindow) {
  LayerCase<double> layer(
      lrn("local_size: 3 alpha: 0.9 beta: 0.5 k: 7 norm_region: WITHIN_CHANNEL"), {{1, 1, 2, 2}});
  LayerCase<double>::set(layer.bottom(), {1, 2, 3, 4});
  layer.setup().forward();
  for (int i = 0; i < 4; ++i) {  // every window covers the whole image
    EXPECT_NEAR(layer.top().cpu_data()[i], (i + 1) / std::sqrt(1 + double(0.9f) / 9 * 30), 1e-12);
  }
}

TEST(LRNLayer, Gradient) {
  check_gradients(lrn("local_size: 3 alpha: 2 beta: 0.75"), {{2, 5, 2, 3}});
  check_gradients(lrn("local_size: 5 alpha: 2 beta: 0.75 k: 1.5"), {{1, 3, 2, 2}});
  check_gradients(lrn("local_size: 3 alpha: 2 beta: 0.75 norm_region: WITHIN_CHANNEL"),
                  {{2, 2, 4, 5}});
}

// Nets train in float, on another back end than the check in double precision.
TEST(LRNLayer, GradientInFloat) {
  for (const char* fields :
       {"local_size: 5 alpha: 2 beta: 0.75 k: 1.5", "local_size: 3 alpha: 2 beta: 0.6",
        "local_size: 3 alpha: 2 beta: 0.75 norm_region: WITHIN_CHANNEL"}) {
    SCOPED_TRACE(fields);
    LayerCase<float> layer(lrn(fields), {{2, 5, 3, 4}});
    LayerCase<double> exact(lrn(fields), {{2, 5, 3, 4}});
    std::vector<float> dy(120);
    for (size_t i = 0; i < dy.size(); ++i) dy[i] = static_cast<float>(i % 7) - 3;
    const std::vector<double> x = LayerCase<double>::data(exact.bottom());
    exact.setup();
    const auto loss = [&](size_t moved, double by) {
      std::vector<double> values = x;
      values[moved] += by;
      LayerCase<double>::set(exact.bottom(), values);
      exact.forward();
      double sum = 0;
      for (size_t i = 0; i < dy.size(); ++i) sum += dy[i] * exact.top().cpu_data()[i];
      return sum;
    };
    layer.setup().forward();
    LayerCase<float>::set_diff(layer.top(), dy);
    layer.backward();
    for (size_t i = 0; i < dy.size(); ++i) {
      const double slope = (loss(i, 1e-5) - loss(i, -1e-5)) / 2e-5;
      EXPECT_NEAR(layer.bottom().cpu_diff()[i], slope, 1e-5) << i;
    }
  }
}

// Square, average pool, power and product: within-channel LRN made of other layers.
TEST(LRNLayer, WithinChannelIsMadeOfPooling) {
  const double alpha = double(0.9f);
  LayerCase<double> layer(lrn("local_size: 3 alpha: 0.9 beta: 0.75 norm_region: WITHIN_CHANNEL"),
                          {{2, 3, 4, 5}});
  LayerCase<double> pool("type: 'Pooling' pooling_param { pool: AVE kernel_size: 3 pad: 1 }",
                         {{2, 3, 4, 5}});
  layer.setup().forward();
  const std::vector<double> x = LayerCase<double>::data(layer.bottom());
  std::vector<double> squares;
  for (double value : x) squares.push_back(value * value);
  LayerCase<double>::set(pool.bottom(), squares);
  pool.setup().forward();
  for (size_t i = 0; i < x.size(); ++i) {
    const double scale = 1 + alpha * pool.top().cpu_data()[i];
    EXPECT_NEAR(layer.top().cpu_data()[i], x[i] * std::pow(scale, -0.75), 1e-12) << i;
  }
}

TEST(LRNLayer, BackwardWorksInATestNet) {
  const std::string text = lrn("local_size: 3 alpha: 2 beta: 0.75");
  LayerCase<float> train(text, {{1, 4, 2, 2}}), test(text, {{1, 4, 2, 2}}, 1, TEST);
  const std::vector<float> ones(16, 1), other(16, -1);
  for (LayerCase<float>* layer : {&train, &test}) {
    layer->setup().forward();
    LayerCase<float>::set_diff(layer->top(), ones);
    if (layer == &test) LayerCase<float>::set(layer->top(), other);  // as a layer in place does
    layer->backward();
  }
  EXPECT_EQ(LayerCase<float>::data(test.top()), other);
  for (int i = 0; i < 16; ++i) {
    EXPECT_NEAR(test.bottom().cpu_diff()[i], train.bottom().cpu_diff()[i], 1e-6) << i;
  }
}

TEST(LRNLayer, Errors) {
  LayerCase<float> even(lrn("local_size: 4"), {{1, 1, 1, 1}});
  expect_error(Code::kBadNet, "local_size must be odd, is 4", [&] { even.setup(); });
  LayerCase<float> axes(lrn(""), {{2, 3}});
  expect_error(Code::kShape, "needs a bottom with 4 axes", [&] { axes.setup(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
