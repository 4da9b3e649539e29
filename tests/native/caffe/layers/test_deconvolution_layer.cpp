#include <numeric>

#include "caffe/ops/backend.hpp"
#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<double>;

std::string typed(const char* type, const std::string& fields) {
  return cat("type: '", type, "' convolution_param { weight_filler { type: 'gaussian' } ",
             "bias_filler { type: 'gaussian' } ", fields, " }");
}

std::string deconvolution(const std::string& fields) { return typed("Deconvolution", fields); }

TEST(DeconvolutionLayer, Shapes) {
  const auto shape = [](const std::string& fields, const Shape& bottom) {
    LayerCase<float> layer(deconvolution(fields), {bottom});
    return layer.setup().top().shape();
  };
  EXPECT_EQ(shape("num_output: 4 kernel_size: 3 stride: 2", {2, 3, 5, 4}), (Shape{2, 4, 11, 9}));
  EXPECT_EQ(shape("num_output: 2 kernel_size: 4 stride: 2 pad: 1", {1, 3, 5, 4}),
            (Shape{1, 2, 10, 8}));
  EXPECT_EQ(shape("num_output: 2 kernel_size: 2 dilation: 3", {1, 1, 3, 3}), (Shape{1, 2, 6, 6}));
  EXPECT_EQ(shape("num_output: 2 kernel_size: 2 stride: 3", {1, 3, 2, 3, 4}),
            (Shape{1, 2, 5, 8, 11}));
  EXPECT_EQ(shape("num_output: 5 kernel_size: 2 axis: 2", {2, 3, 4, 6}), (Shape{2, 3, 5, 7}));
  LayerCase<float> grouped(deconvolution("num_output: 4 kernel_size: 3 group: 2"), {{1, 6, 2, 2}});
  EXPECT_EQ(grouped.setup().blob(0).shape(), (Shape{6, 2, 3, 3}));
}

TEST(DeconvolutionLayer, SpreadsEveryInput) {
  Case layer(deconvolution("num_output: 1 kernel_size: 2"), {{1, 1, 1, 2}});
  layer.setup();
  Case::set(layer.bottom(), {1, 10});
  Case::set(layer.blob(0), {1, 2, 3, 4});
  Case::set(layer.blob(1), {0.5});
  layer.forward();
  EXPECT_EQ(Case::data(layer.top()), (std::vector<double>{1.5, 12.5, 20.5, 3.5, 34.5, 40.5}));
}

// <deconvolution(x), z> = <x, convolution(z)> for the same weights.
TEST(DeconvolutionLayer, IsTheAdjointOfConvolution) {
  for (const char* fields : {"kernel_size: 3 stride: 2 pad: 1", "kernel_size: 2 dilation: 2",
                             "kernel_h: 1 kernel_w: 3 group: 2"}) {
    SCOPED_TRACE(fields);
    Case deconv(deconvolution(cat("bias_term: false num_output: 2 ", fields)), {{2, 4, 4, 3}});
    deconv.setup().forward();
    Case conv(typed("Convolution", cat("bias_term: false num_output: 4 ", fields)),
              {deconv.top().shape()});
    conv.setup();
    Case::set(conv.blob(0), Case::data(deconv.blob(0)));
    conv.forward();
    ASSERT_EQ(conv.top().shape(), deconv.bottom().shape());
    const auto dot = [](const Blob<double>& a, const Blob<double>& b) {
      return std::inner_product(a.cpu_data(), a.cpu_data() + a.count(), b.cpu_data(), 0.);
    };
    EXPECT_NEAR(dot(deconv.top(), conv.bottom()), dot(deconv.bottom(), conv.top()), 1e-9);
  }
}

TEST(DeconvolutionLayer, BilinearFillerInterpolates) {
  LayerCase<float> layer(
      "type: 'Deconvolution' convolution_param { num_output: 1 bias_term: false kernel_size: 4 "
      "stride: 2 pad: 1 weight_filler { type: 'bilinear' } }",
      {{1, 1, 3, 3}});
  LayerCase<float>::set(layer.bottom(), {0, 4, 8, 0, 4, 8, 0, 4, 8});
  layer.setup().forward();
  ASSERT_EQ(layer.top().shape(), (Shape{1, 1, 6, 6}));
  for (int i = 1; i < 5; ++i) EXPECT_FLOAT_EQ(layer.top().cpu_data()[12 + i], 2.f * i - 1) << i;
}

TEST(DeconvolutionLayer, Gradient) {
  for (const char* fields : {"num_output: 2 kernel_size: 3 stride: 2 pad: 1",
                             "num_output: 4 kernel_size: 2 group: 2 dilation: 2",
                             "num_output: 3 kernel_h: 1 kernel_w: 3 bias_term: false"}) {
    SCOPED_TRACE(fields);
    check_gradients(deconvolution(fields), {{2, 2, 3, 4}});
  }
  check_gradients(deconvolution("num_output: 2 kernel_size: 2"), {{1, 2, 2, 3, 2}});
  check_gradients(deconvolution("num_output: 2 kernel_size: 3"), {{2, 2, 4}});
}

// oneDNN's result is that of the reference, also when run in a TEST net.
TEST(DeconvolutionLayer, BackEndsAgree) {
  for (const char* fields : {"num_output: 16 kernel_size: 4 stride: 2 pad: 1",
                             "num_output: 8 kernel_size: 3 group: 4 bias_term: false"}) {
    std::vector<float> results[2][3];
    for (const bool plain : {false, true}) {
      const BackendScope scope(plain ? std::vector<Backend>{Backend::kReference}
                                     : std::vector<Backend>{Backend::kOneDnn, Backend::kReference});
      LayerCase<float> layer(deconvolution(fields), {{2, 16, 5, 6}}, 1, TEST);
      layer.setup().forward();
      std::vector<float> dy(layer.top().count());
      for (size_t i = 0; i < dy.size(); ++i) dy[i] = static_cast<float>(i % 17) / 8 - 1;
      LayerCase<float>::set_diff(layer.top(), dy);
      layer.backward();
      results[plain][0] = LayerCase<float>::data(layer.top());
      results[plain][1] = LayerCase<float>::diff(layer.bottom());
      results[plain][2] = LayerCase<float>::diff(layer.blob(0));
    }
    for (int k = 0; k < 3; ++k) {
      ASSERT_EQ(results[0][k].size(), results[1][k].size());
      for (size_t i = 0; i < results[0][k].size(); ++i) {
        ASSERT_NEAR(results[0][k][i], results[1][k][i], 2e-4) << fields << " " << k << " " << i;
      }
    }
  }
}

TEST(DeconvolutionLayer, Errors) {
  const struct {
    const char* fields;
    Code code;
    const char* part;
  } kCases[] = {
      {"kernel_size: 3", Code::kBadNet, "num_output must be positive"},
      {"num_output: 2", Code::kBadNet, "kernel_size is missing"},
      {"num_output: 2 kernel_size: 1 group: 2", Code::kShape, "group 2 does not divide the 3"},
      {"num_output: 2 kernel_size: 1 group: 3", Code::kBadNet, "does not divide num_output 2"},
      {"num_output: 2 kernel_size: 1 pad: 2", Code::kShape, "leaves nothing of the output"},
  };
  for (const auto& c : kCases) {
    LayerCase<float> layer(deconvolution(c.fields), {{1, 3, 4, 4}});
    expect_error(c.code, c.part, [&] { layer.setup(); });
  }
}

}  // namespace
}  // namespace test
}  // namespace caffe
