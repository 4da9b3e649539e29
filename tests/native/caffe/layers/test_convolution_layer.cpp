#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

std::string convolution(const std::string& fields) {
  return "type: 'Convolution' convolution_param { weight_filler { type: 'gaussian' } "
         "bias_filler { type: 'gaussian' } " +
         fields + " }";
}

Shape top_shape(const std::string& fields, const Shape& bottom) {
  return LayerCase<double>(convolution(fields), {bottom}).setup().top().shape();
}

TEST(ConvolutionLayer, Shapes) {
  EXPECT_EQ(top_shape("num_output: 4 kernel_size: 3", {2, 3, 9, 8}), (Shape{2, 4, 7, 6}));
  EXPECT_EQ(top_shape("num_output: 4 kernel_size: 3 stride: 2 pad: 1", {2, 3, 9, 8}),
            (Shape{2, 4, 5, 4}));
  EXPECT_EQ(top_shape("num_output: 4 kernel_h: 3 kernel_w: 1 stride_h: 2 stride_w: 1 pad_w: 1",
                      {2, 3, 9, 8}),
            (Shape{2, 4, 4, 10}));
  EXPECT_EQ(top_shape("num_output: 4 kernel_size: 3 kernel_size: 2 dilation: 2", {2, 3, 9, 8}),
            (Shape{2, 4, 5, 6}));
  EXPECT_EQ(top_shape("num_output: 4 kernel_size: 2 axis: 2", {2, 3, 5, 6}), (Shape{2, 3, 4, 5}));
  EXPECT_EQ(top_shape("num_output: 4 kernel_size: 2", {1, 2, 3, 4, 5}), (Shape{1, 4, 2, 3, 4}));
  EXPECT_EQ(top_shape("num_output: 4", {2, 3}), (Shape{2, 4}));
}

TEST(ConvolutionLayer, ParameterShapes) {
  LayerCase<double> layer(convolution("num_output: 6 kernel_size: 3 group: 3"), {{1, 9, 5, 5}});
  layer.setup();
  EXPECT_EQ(layer.blob(0).shape(), (Shape{6, 3, 3, 3}));
  EXPECT_EQ(layer.blob(1).shape(), (Shape{6}));
  LayerCase<double> no_bias(convolution("num_output: 1 kernel_size: 1 bias_term: false"),
                            {{1, 1, 2, 2}});
  EXPECT_EQ(no_bias.setup().layer().blobs().size(), 1u);
}

TEST(ConvolutionLayer, CorrelatesWithoutFlipping) {
  LayerCase<double> layer(convolution("num_output: 1 kernel_size: 2"), {{1, 1, 2, 3}});
  layer.setup();
  LayerCase<double>::set(layer.bottom(), {1, 2, 3, 4, 5, 6});
  LayerCase<double>::set(layer.blob(0), {1, 10, 100, 1000});
  LayerCase<double>::set(layer.blob(1), {0.5});
  layer.forward();
  EXPECT_EQ(LayerCase<double>::data(layer.top()), (std::vector<double>{5421.5, 6532.5}));
}

TEST(ConvolutionLayer, FollowsAChangedBatch) {
  LayerCase<float> layer(convolution("num_output: 2 kernel_size: 3"), {{2, 1, 4, 4}});
  layer.setup().forward();
  const std::vector<float> before = LayerCase<float>::data(layer.top());
  std::vector<float> image = LayerCase<float>::data(layer.bottom());
  layer.bottom().reshape({4, 1, 4, 4});
  image.insert(image.end(), image.begin(), image.end());
  LayerCase<float>::set(layer.bottom(), image);
  layer.forward();
  ASSERT_EQ(layer.top().shape(), (Shape{4, 2, 2, 2}));
  for (int i = 0; i < 32; ++i) {
    EXPECT_NEAR(layer.top().cpu_data()[i], before[i % 16], 1e-5) << i;
  }
}

TEST(ConvolutionLayer, Gradient) {
  for (const char* fields : {"num_output: 2 kernel_size: 3 stride: 2 pad: 1",
                             "num_output: 4 kernel_size: 2 group: 2 dilation: 2",
                             "num_output: 2 kernel_h: 1 kernel_w: 3 bias_term: false"}) {
    SCOPED_TRACE(fields);
    check_gradients(convolution(fields), {{2, 2, 5, 4}});
  }
  check_gradients(convolution("num_output: 2 kernel_size: 2"), {{1, 2, 3, 3, 2}});
  check_gradients(convolution("num_output: 2 kernel_size: 3"), {{2, 2, 5}});
  check_gradients(convolution("num_output: 2 kernel_size: 2 axis: 2"), {{2, 2, 3, 4}});
  check_gradients(convolution("num_output: 2 kernel_size: 2 axis: 0"), {{3, 2, 3}});
  check_gradients(convolution("num_output: 2"), {{3, 4}});  // no spatial axes
}

TEST(ConvolutionLayer, BottomsShareTheWeights) {
  LayerCase<double> two(convolution("num_output: 2 kernel_size: 2"), {{1, 1, 3, 3}, {1, 1, 3, 3}},
                        2);
  two.setup().forward();
  const std::vector<double> ones(8, 1);
  std::vector<double> sum(4);
  for (int i = 0; i < 2; ++i) {
    LayerCase<double> one(convolution("num_output: 2 kernel_size: 2"), {{1, 1, 3, 3}});
    one.setup();
    LayerCase<double>::set(one.bottom(), LayerCase<double>::data(two.bottom(i)));
    one.forward();
    EXPECT_EQ(LayerCase<double>::data(one.top()), LayerCase<double>::data(two.top(i)));
    LayerCase<double>::set_diff(one.top(), ones);
    LayerCase<double>::set_diff(two.top(i), ones);
    one.backward();
    for (int k = 0; k < 4; ++k) sum[k] += one.blob(0).cpu_diff()[k];
  }
  two.backward();
  for (int k = 0; k < 4; ++k) EXPECT_NEAR(two.blob(0).cpu_diff()[k], sum[k], 1e-12);
}

TEST(ConvolutionLayer, ParametersWithoutRateGetNoGradient) {
  LayerCase<double> layer(convolution("num_output: 1 kernel_size: 1"), {{1, 1, 2, 2}});
  layer.setup();
  layer.layer().set_param_propagate_down(0, false);
  layer.forward();
  LayerCase<double>::set_diff(layer.top(), {1, 1, 1, 1});
  layer.backward();
  EXPECT_TRUE(layer.blob(0).diff().is_zero());
  EXPECT_EQ(layer.blob(1).cpu_diff()[0], 4);
}

TEST(ConvolutionLayer, BackwardWorksInATestNet) {
  LayerCase<float> layer(convolution("num_output: 1 kernel_size: 1"), {{1, 1, 1, 2}}, 1, TEST);
  layer.setup().forward();
  LayerCase<float>::set(layer.top(), {-1, -2});  // as a layer in place does
  LayerCase<float>::set_diff(layer.top(), {1, 1});
  layer.backward();
  EXPECT_EQ(LayerCase<float>::data(layer.top()), (std::vector<float>{-1, -2}));
  EXPECT_FLOAT_EQ(layer.bottom().cpu_diff()[0], layer.blob(0).cpu_data()[0]);
}

TEST(ConvolutionLayer, Errors) {
  const struct {
    const char* fields;
    Code code;
    const char* part;
  } kCases[] = {
      {"kernel_size: 3", Code::kBadNet, "num_output must be positive"},
      {"num_output: 2", Code::kBadNet, "kernel_size is missing"},
      {"num_output: 2 kernel_size: 0", Code::kBadNet, "kernel_size must be positive"},
      {"num_output: 2 kernel_size: 1 stride: 0", Code::kBadNet, "stride must be positive"},
      {"num_output: 2 kernel_size: 1 dilation: 0", Code::kBadNet, "dilation must be positive"},
      {"num_output: 2 kernel_size: 1 kernel_size: 1 kernel_size: 1", Code::kBadNet, "3 times"},
      {"num_output: 2 kernel_size: 1 kernel_h: 1 kernel_w: 1", Code::kBadNet, "not both"},
      {"num_output: 2 kernel_h: 1", Code::kBadNet, "given together"},
      {"num_output: 2 kernel_size: 9", Code::kShape, "does not fit"},
      {"num_output: 2 kernel_size: 1 group: 0", Code::kBadNet, "group must be positive"},
      {"num_output: 2 kernel_size: 1 group: 2", Code::kShape, "group 2 does not divide the 3"},
      {"num_output: 2 kernel_size: 1 group: 3", Code::kBadNet, "does not divide num_output 2"},
      {"num_output: 2 kernel_size: 1 axis: 4", Code::kShape, "axis 4 is out of range"},
  };
  for (const auto& c : kCases) {
    LayerCase<float> layer(convolution(c.fields), {{1, 3, 4, 4}});
    expect_error(c.code, c.part, [&] { layer.setup(); });
  }
  LayerCase<float> different(convolution("num_output: 2 kernel_size: 1"),
                             {{1, 3, 4, 4}, {1, 3, 4, 5}}, 2);
  expect_error(Code::kShape, "all bottoms must have one shape", [&] { different.setup(); });
  LayerCase<float> changed(convolution("num_output: 2 kernel_size: 1"), {{1, 3, 4, 4}});
  changed.setup();
  changed.bottom().reshape({1, 2, 4, 4});
  expect_error(Code::kShape, "was set up for 3 channels", [&] { changed.forward(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
