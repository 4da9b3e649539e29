#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<double>;

std::string im2col(const std::string& fields) {
  return "type: 'Im2col' convolution_param { " + fields + " }";
}

TEST(Im2colLayer, LaysOutPatches) {
  Case layer(im2col("kernel_h: 1 kernel_w: 2 pad_h: 0 pad_w: 1"), {{1, 1, 1, 3}});
  Case::set(layer.bottom(), {1, 2, 3});
  layer.setup().forward();
  EXPECT_EQ(layer.top().shape(), (Shape{1, 2, 1, 4}));
  EXPECT_EQ(Case::data(layer.top()), (std::vector<double>{0, 1, 2, 3, 1, 2, 3, 0}));
}

// A convolution is a 1x1 convolution of the patches.
TEST(Im2colLayer, MakesAConvolution) {
  const std::string window = "kernel_size: 3 stride: 2 pad: 1 dilation: 2";
  Case patches(im2col(window), {{2, 3, 7, 6}});
  patches.setup().forward();
  const std::string fields = " num_output: 4 bias_term: false weight_filler { type: 'gaussian' } ";
  Case whole("type: 'Convolution' convolution_param {" + fields + window + " }", {{2, 3, 7, 6}});
  Case parts("type: 'Convolution' convolution_param {" + fields + "kernel_size: 1 }",
             {patches.top().shape()});
  whole.setup().forward();
  parts.setup();
  Case::set(parts.blob(0), Case::data(whole.blob(0)));
  Case::set(parts.bottom(), Case::data(patches.top()));
  parts.forward();
  ASSERT_EQ(whole.top().shape(), parts.top().shape());
  for (int64_t i = 0; i < whole.top().count(); ++i) {
    EXPECT_NEAR(whole.top().cpu_data()[i], parts.top().cpu_data()[i], 1e-12) << i;
  }
}

TEST(Im2colLayer, Gradient) {
  check_gradients(im2col("kernel_size: 2 stride: 2 pad: 1"), {{2, 2, 3, 4}});
  check_gradients(im2col("kernel_size: 2 axis: 0"), {{2, 3, 2, 3}});
  check_gradients(im2col("kernel_size: 3 dilation: 2"), {{1, 2, 7}});
}

TEST(Im2colLayer, Errors) {
  Case axes(im2col("kernel_size: 1"), {{2, 3}});
  expect_error(Code::kShape, "needs spatial axes behind axis 1", [&] { axes.setup(); });
  Case kernel(im2col(""), {{1, 1, 2, 2}});
  expect_error(Code::kBadNet, "kernel_size is missing", [&] { kernel.setup(); });
  Case large(im2col("kernel_size: 3"), {{1, 1, 2, 2}});
  expect_error(Code::kShape, "does not fit an input of 2", [&] { large.setup(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
