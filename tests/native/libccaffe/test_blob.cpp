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

// `y` shares the memory of the input `x`, which is (2, 3, 4).
const char* const kSharers[] = {
    "layer { name: 'flat' type: 'Flatten' bottom: 'x' top: 'y' }",
    "layer { name: 'seen' type: 'Reshape' bottom: 'x' top: 'y' reshape_param { shape { dim: 0 "
    "  dim: -1 } } }",
    "layer { name: 'two' type: 'Split' bottom: 'x' top: 'y' top: 'z' }",
    "layer { name: 'one' type: 'Concat' bottom: 'x' top: 'y' }",
};

class CBlobSharing : public ::testing::TestWithParam<const char*> {
 protected:
  CBlobSharing()
      : net_(cat("layer { name: 'in' type: 'Input' top: 'x' "
                 "  input_param { shape { dim: 2 dim: 3 dim: 4 } } }",
                 GetParam(), "layer { name: 'r' type: 'Power' bottom: 'y' top: 'r' }"),
             CCAFFE_PHASE_TEST) {
    ok(ccaffe_net_blob(net_, 0, &x_));
    ok(ccaffe_net_blob(net_, 1, &y_));
  }
  static std::string cat(const std::string& a, const std::string& b, const std::string& c) {
    return a + b + c;
  }
  void reshape(int64_t items) {
    const int64_t dims[3] = {items, 3, 4};
    ok(ccaffe_blob_reshape(x_, dims, 3));
  }
  int64_t count(ccaffe_blob* blob) {
    int64_t dims[4] = {1, 1, 1, 1};
    int32_t axes = 0;
    ok(ccaffe_blob_shape(blob, dims, 4, &axes));
    return dims[0] * dims[1] * dims[2] * dims[3];
  }

  OwnNet net_;
  ccaffe_blob* x_ = nullptr;
  ccaffe_blob* y_ = nullptr;
};

// Until the net is reshaped its values are out of reach: neither too many nor too few move.
TEST_P(CBlobSharing, ValuesOfAnotherShapeAreRefused) {
  for (int64_t items : {1000, 1}) {
    std::vector<float> values(24, 7.f);
    reshape(items);
    ASSERT_EQ(count(y_), 24);
    const char part[] = "blob 'y': shape ";
    expect_status(ccaffe_blob_read(y_, CCAFFE_DATA, values.data(), 24), CCAFFE_STATE, part);
    EXPECT_EQ(values, std::vector<float>(24, 7.f));
    expect_status(ccaffe_blob_write(y_, CCAFFE_DATA, values.data(), 24), CCAFFE_STATE, part);
    float* memory = nullptr;
    expect_status(ccaffe_blob_pointer(y_, CCAFFE_DATA, &memory), CCAFFE_STATE,
                  "reshape the net first");
    EXPECT_EQ(memory, nullptr);
    std::vector<float> input(items * 12, 2.f);
    ok(ccaffe_blob_write(x_, CCAFFE_DATA, input.data(), items * 12));
    ok(ccaffe_net_reshape(net_));
    ASSERT_EQ(count(y_), items * 12);
    values.assign(items * 12, 0.f);
    ok(ccaffe_blob_read(y_, CCAFFE_DATA, values.data(), items * 12));
    EXPECT_EQ(values, input);
    ok(ccaffe_blob_read(y_, CCAFFE_DIFF, values.data(), items * 12));
    reshape(2);
    ok(ccaffe_net_reshape(net_));
  }
}

// Whichever layer a forward pass begins with, all have the new shapes first; also the first pass.
TEST_P(CBlobSharing, AForwardPassFromTheMiddleHasTheNewShapes) {
  ccaffe_blob* r = nullptr;
  int32_t blobs = 0, layers = 0;
  ok(ccaffe_net_num_blobs(net_, &blobs));
  ok(ccaffe_net_num_layers(net_, &layers));
  ok(ccaffe_net_blob(net_, blobs - 1, &r));
  for (int64_t items : {1, 500, 3}) {
    reshape(items);
    ok(ccaffe_net_forward(net_, layers - 1, -1, nullptr));
    EXPECT_EQ(count(r), items * 12);
    ok(ccaffe_net_backward(net_, -1, -1));
  }
}

INSTANTIATE_TEST_SUITE_P(Layers, CBlobSharing, ::testing::ValuesIn(kSharers));

// A shared gradient, too: that of a Flatten's top is its bottom's.
TEST(CBlobSharing, GradientsOfAnotherShapeAreRefused) {
  const OwnNet net(
      "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 3 } } }"
      "layer { name: 'flat' type: 'Flatten' bottom: 'x' top: 'y' flatten_param { axis: 0 } }");
  ccaffe_blob *x = nullptr, *y = nullptr;
  ok(ccaffe_net_blob(net, 0, &x));
  ok(ccaffe_net_blob(net, 1, &y));
  const int64_t larger[2] = {100, 3};
  ok(ccaffe_blob_reshape(x, larger, 2));
  float values[6] = {}, *memory = nullptr;
  expect_status(ccaffe_blob_read(y, CCAFFE_DIFF, values, 6), CCAFFE_STATE, "of 300 values");
  expect_status(ccaffe_blob_write(y, CCAFFE_DIFF, values, 6), CCAFFE_STATE, "of 300 values");
  expect_status(ccaffe_blob_pointer(y, CCAFFE_DIFF, &memory), CCAFFE_STATE, "of 300 values");
}

}  // namespace
}  // namespace ccaffe_test
