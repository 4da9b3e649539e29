#include <gtest/gtest.h>

#include "support/ccaffe_client.hpp"

namespace ccaffe_test {
namespace {

const char kNet[] =
    "layer { name: 'in' type: 'Input' top: 'x' "
    "  input_param { shape { dim: 2 dim: 3 dim: 6 dim: 6 } } }"
    "layer { name: 'conv' type: 'Convolution' bottom: 'x' top: 'y' convolution_param { "
    "  num_output: 5 kernel_size: 3 weight_filler { type: 'xavier' } } }";

class CBlob : public ::testing::Test {
 protected:
  CBlob() : net_(kNet, CCAFFE_PHASE_TEST) {
    ok(ccaffe_net_blob(net_, 0, &x_));
    ok(ccaffe_net_blob(net_, 1, &y_));
    ok(ccaffe_net_param(net_, 1, 0, &w_));
  }
  std::vector<float> read(ccaffe_blob* blob, int64_t count) {
    std::vector<float> values(count);
    ok(ccaffe_blob_read(blob, CCAFFE_DATA, values.data(), count));
    return values;
  }
  void forward() { ok(ccaffe_net_forward(net_, -1, -1, nullptr)); }

  OwnNet net_;
  ccaffe_blob* x_ = nullptr;
  ccaffe_blob* y_ = nullptr;
  ccaffe_blob* w_ = nullptr;
};

TEST_F(CBlob, Shape) {
  int64_t dims[4] = {0, 0, 0, -1};
  int32_t axes = 0;
  ok(ccaffe_blob_shape(x_, dims, 3, &axes));
  EXPECT_EQ(axes, 4);
  EXPECT_EQ(dims[1], 3);
  EXPECT_EQ(dims[3], -1);  // capacity is respected
  expect_status(ccaffe_blob_shape(x_, dims, 4, nullptr), CCAFFE_INVALID_ARGUMENT, "num_axes");
}

TEST_F(CBlob, WholeBlobsMove) {
  ok(ccaffe_blob_write(x_, CCAFFE_DATA, caffe::test::ramp(216).data(), 216));
  EXPECT_EQ(read(x_, 216), caffe::test::ramp(216));
  expect_status(ccaffe_blob_write(x_, CCAFFE_DATA, caffe::test::ramp(216).data(), 215),
                CCAFFE_SHAPE, "blob 'x' has shape 2 3 6 6 (216), but 215 values");
  float one = 0;
  expect_status(ccaffe_blob_read(w_, CCAFFE_DATA, &one, 1), CCAFFE_SHAPE,
                "parameter 0 of layer 'conv' has shape 5 3 3 3 (135)");
  expect_status(ccaffe_blob_read(x_, 2, &one, 216), CCAFFE_INVALID_ARGUMENT, "part 2");
  expect_status(ccaffe_blob_read(x_, 0, nullptr, 216), CCAFFE_INVALID_ARGUMENT, "values is null");
}

// Memory that was handed out is the truth, before and after the engine has run.
TEST_F(CBlob, PointersAreTheTruth) {
  float *x = nullptr, *y = nullptr, *w = nullptr;
  ok(ccaffe_blob_pointer(x_, CCAFFE_DATA, &x));
  ok(ccaffe_blob_pointer(y_, CCAFFE_DATA, &y));
  ok(ccaffe_blob_pointer(w_, CCAFFE_DATA, &w));
  std::fill_n(x, 216, 1.f);
  for (float weight : {0.5f, -2.f}) {  // the second time the engine has copies of its own
    std::fill_n(w, 135, weight);
    forward();
    for (int i = 0; i < 160; ++i) ASSERT_NEAR(y[i], 27 * weight, 1e-4) << i;
    EXPECT_NEAR(read(y_, 160)[159], 27 * weight, 1e-4);
  }
  x[0] = 2;
  forward();
  EXPECT_NEAR(y[0], -56, 1e-4);
  float* again = nullptr;
  ok(ccaffe_blob_pointer(x_, CCAFFE_DATA, &again));
  EXPECT_EQ(again, x);
}

TEST_F(CBlob, ReshapedInputsAreFollowed) {
  const int64_t smaller[4] = {1, 3, 5, 5}, wrong[4] = {1, 2, 5, 5};
  ok(ccaffe_blob_reshape(x_, smaller, 4));
  ok(ccaffe_net_reshape(net_));
  int64_t dims[4];
  int32_t axes = 0;
  ok(ccaffe_blob_shape(y_, dims, 4, &axes));
  EXPECT_EQ(std::vector<int64_t>(dims, dims + 4), std::vector<int64_t>({1, 5, 3, 3}));
  forward();
  ok(ccaffe_blob_reshape(x_, wrong, 4));
  expect_status(ccaffe_net_reshape(net_), CCAFFE_SHAPE, "layer 'conv'");
  expect_status(ccaffe_blob_reshape(w_, smaller, 4), CCAFFE_STATE, "parameter 0 of layer 'conv'");
  expect_status(ccaffe_blob_reshape(x_, smaller, 33), CCAFFE_SHAPE, "33");
  expect_status(ccaffe_blob_reshape(x_, nullptr, 2), CCAFFE_INVALID_ARGUMENT, "dims is null");
}

}  // namespace
}  // namespace ccaffe_test
