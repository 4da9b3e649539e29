#include <gtest/gtest.h>

#include "caffe/blob.hpp"
#include "caffe/extents.hpp"
#include "support/expect_error.hpp"
#include "support/net_case.hpp"

namespace caffe {
namespace test {
namespace {

TEST(Extents, ArithmeticDoesNotWrap) {
  const int64_t half = int64_t{1} << 62;
  EXPECT_EQ(extent_product(3, 5), 15);
  EXPECT_EQ(extent_sum(half, half - 1), INT64_MAX);
  expect_error(Code::kShape, "4611686018427387904 times 2 are too many",
               [&] { extent_product(half, 2); });
  expect_error(Code::kShape, "too many elements", [&] { extent_sum(half, half); });
  EXPECT_EQ(window_extent("pad", 2147483647), 2147483647);
  expect_error(Code::kBadNet, "pad 2147483648 is larger than 2147483647",
               [] { window_extent("pad", 2147483648); });
  EXPECT_EQ(unsigned_axis("slice_dim", 2), 2);
  expect_error(Code::kBadNet, "slice_dim 4294967295 is no axis",
               [] { unsigned_axis("slice_dim", 4294967295u); });
}

// The product of any extents is bounded, also where the blob is empty.
TEST(Extents, OfAnEmptyBlobAreBoundedToo) {
  expect_error(Code::kShape, "too many elements",
               [] { Blob<float>(Shape{0, int64_t{1} << 40, int64_t{1} << 40}); });
  EXPECT_EQ(Blob<float>(Shape{0, 3}).count(), 0);
}

struct Huge {
  const char* layer;
  Code code;
  const char* part;
};

// Parameters whose products, sums or conversions would wrap.
class HugeExtents : public ::testing::TestWithParam<Huge> {};

TEST_P(HugeExtents, AreRefusedByName) {
  const std::string text =
      "layer { name: 'in' type: 'Input' top: 'x' "
      "  input_param { shape { dim: 2 dim: 2 dim: 6 dim: 6 } } }"
      "layer { name: 'wide' type: 'Input' top: 'w' "
      "  input_param { shape { dim: 1 dim: 1125899906842624 dim: 1 dim: 1 } } }"
      "layer { name: 'it' " +
      std::string(GetParam().layer) + " }";
  expect_error(GetParam().code, GetParam().part, [&] { make_net(text); });
  expect_error(GetParam().code, "layer 'it'", [&] { make_net(text); });
}

INSTANTIATE_TEST_SUITE_P(
    Layers, HugeExtents,
    ::testing::Values(
        Huge{"type: 'Tile' bottom: 'w' top: 'y' tile_param { tiles: 2147483647 }", Code::kShape,
             "too many elements"},
        Huge{"type: 'Pooling' bottom: 'x' top: 'y' pooling_param { kernel_size: 4294967295 "
             "stride: 4294967295 }",
             Code::kBadNet, "4294967295"},
        Huge{"type: 'Pooling' bottom: 'x' top: 'y' pooling_param { kernel_size: 3 "
             "stride: 4294967295 }",
             Code::kBadNet, "stride 4294967295"},
        Huge{"type: 'Convolution' bottom: 'x' top: 'y' convolution_param { num_output: 1 "
             "kernel_size: 4294967295 dilation: 4294967295 }",
             Code::kBadNet, "kernel_size 4294967295"},
        Huge{"type: 'Convolution' bottom: 'x' top: 'y' convolution_param { num_output: 4294967295 "
             "kernel_size: 2147483647 pad: 2147483647 }",
             Code::kShape, "too many elements"},
        Huge{"type: 'Convolution' bottom: 'x' top: 'y' convolution_param { num_output: 1 "
             "kernel_size: 2147483647 dilation: 2147483647 }",
             Code::kShape, ""},
        Huge{"type: 'Deconvolution' bottom: 'w' top: 'y' convolution_param { num_output: 1 "
             "axis: 0 kernel_size: 1 stride: 2147483647 }",
             Code::kShape, "too many elements"},
        Huge{"type: 'Im2col' bottom: 'x' top: 'y' convolution_param { kernel_size: 2147483647 "
             "pad: 2147483647 }",
             Code::kShape, "too many elements"},
        Huge{"type: 'Concat' bottom: 'x' top: 'y' concat_param { concat_dim: 4294967295 }",
             Code::kBadNet, "concat_dim 4294967295 is no axis"},
        Huge{"type: 'Slice' bottom: 'x' top: 'y' slice_param { slice_dim: 4294967295 }",
             Code::kBadNet, "slice_dim 4294967295 is no axis"},
        Huge{"type: 'Slice' bottom: 'x' top: 'y' top: 'z' slice_param { slice_point: 4294967295 }",
             Code::kShape, "4294967295"},
        Huge{"type: 'Crop' bottom: 'x' bottom: 'w' top: 'y' crop_param { offset: 4294967295 }",
             Code::kShape, "a window of 1 at 4294967295"},
        Huge{"type: 'Reshape' bottom: 'x' top: 'y' reshape_param { axis: 1 num_axes: 2147483647 }",
             Code::kBadNet, "num_axes 2147483647 reach beyond"},
        Huge{"type: 'Reshape' bottom: 'x' top: 'y' reshape_param { shape { "
             "dim: 9223372036854775807 dim: 2 dim: -1 } }",
             Code::kShape, "cannot be seen as"},
        Huge{"type: 'Scale' bottom: 'x' top: 'y' scale_param { axis: 1 num_axes: 2147483647 }",
             Code::kShape, "num_axes 2147483647 reach beyond"},
        Huge{"type: 'Bias' bottom: 'x' top: 'y' bias_param { axis: 1 num_axes: 2147483647 }",
             Code::kShape, "num_axes 2147483647 reach beyond"},
        Huge{"type: 'DummyData' top: 'y' dummy_data_param { num: 4294967295 channels: 4294967295 "
             "height: 4294967295 width: 1 }",
             Code::kShape, "too many elements"},
        Huge{"type: 'MemoryData' top: 'y' top: 'z' memory_data_param { batch_size: 4294967295 "
             "channels: 4294967295 height: 1 width: 1 }",
             Code::kShape, "too many elements"},
        Huge{"type: 'InnerProduct' bottom: 'w' top: 'y' inner_product_param { "
             "num_output: 4294967295 }",
             Code::kShape, "too many elements"},
        Huge{"type: 'Embed' bottom: 'x' top: 'y' embed_param { input_dim: 4294967295 "
             "num_output: 4294967295 }",
             Code::kShape, "too many elements"},
        Huge{"type: 'ArgMax' bottom: 'x' top: 'y' argmax_param { top_k: 4294967295 }", Code::kShape,
             "top_k 4294967295"},
        Huge{"type: 'SPP' bottom: 'w' top: 'y' spp_param { pyramid_height: 16 }", Code::kShape,
             "bins"},
        Huge{"type: 'Parameter' top: 'y' parameter_param { shape { dim: 4294967296 "
             "dim: 4294967296 } }",
             Code::kShape, "too many elements"}));

std::vector<float> outputs(const std::string& layer) {
  const auto net = make_net(
      "layer { name: 'in' type: 'Input' top: 'x' "
      "  input_param { shape { dim: 1 dim: 2 dim: 4 dim: 4 } } }"
      "layer { name: 'it' bottom: 'x' top: 'y' " +
      layer + " }");
  set_values(net->blob("x"), ramp(32));
  net->forward();
  net->backward();
  return values(*net->blob("y"));
}

// A window that covers far more than the image is the image's own, with as much padding as counts.
TEST(Extents, AHugeWindowCostsNoMoreThanTheImage) {
  const std::string huge = "kernel_size: 2147483647 stride: 2147483647";
  EXPECT_EQ(outputs("type: 'Pooling' pooling_param { " + huge + " }"),
            outputs("type: 'Pooling' pooling_param { global_pooling: true }"));
  EXPECT_EQ(outputs("type: 'Pooling' pooling_param { pool: AVE " + huge + " }"),
            outputs("type: 'Pooling' pooling_param { pool: AVE global_pooling: true }"));
  const auto padded = outputs(
      "type: 'Pooling' pooling_param { kernel_size: 2147483647 pad: 2147483646 "
      "stride: 2147483647 }");
  ASSERT_EQ(padded.size(), 8u);
  EXPECT_EQ(padded[0], ramp(32)[0]);  // the first window ends with the first pixel
  const std::vector<float> first = ramp(16);
  float inside = -10;
  for (int i : {5, 6, 7, 9, 10, 11, 13, 14, 15}) inside = std::max(inside, first[i]);
  EXPECT_EQ(padded[3], inside);
}

// Sums over windows wider than the image: 1 + alpha/n^2 * (all squares), with n^2 of 128 bits.
TEST(Extents, AHugeLrnWindow) {
  const auto y = outputs(
      "type: 'LRN' lrn_param { norm_region: WITHIN_CHANNEL local_size: 4294967295 alpha: 1 }");
  const std::vector<float> x = ramp(32);
  for (int i = 0; i < 32; ++i) EXPECT_FLOAT_EQ(y[i], x[i]);  // alpha/n^2 is next to nothing
}

}  // namespace
}  // namespace test
}  // namespace caffe
