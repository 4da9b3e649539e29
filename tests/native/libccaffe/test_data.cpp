#include <gtest/gtest.h>

#include "support/ccaffe_client.hpp"

namespace ccaffe_test {
namespace {

struct Seen {
  int calls = 0;
  int32_t batch = 0, status = 0;
  std::vector<int32_t> shape;
  ccaffe_net* net = nullptr;
};

int32_t fill(void* context, float* data, int32_t batch, int32_t num_dims, const int32_t* shape) {
  auto* seen = static_cast<Seen*>(context);
  ++seen->calls;
  seen->batch = batch;
  seen->shape.assign(shape, shape + num_dims);
  int64_t count = batch;
  for (int32_t i = 0; i < num_dims; ++i) count *= shape[i];
  std::fill_n(data, count, 1.f);
  int32_t layers = 0;  // calling back is allowed
  if (seen->net != nullptr && ccaffe_net_num_layers(seen->net, &layers) != CCAFFE_OK) return 99;
  return seen->status;
}

TEST(CData, CallbacksGetBatchAndShape) {
  const OwnNet net(caffe::test::fed_net());
  Seen data, label;
  data.net = net;
  ok(ccaffe_net_set_data_callback(net, 0, fill, &data));
  ok(ccaffe_net_set_data_callback(net, 1, fill, &label));
  ok(ccaffe_net_forward(net, -1, -1, nullptr));
  EXPECT_EQ(data.calls, 1);
  EXPECT_EQ(data.batch, 8);
  EXPECT_EQ(data.shape, std::vector<int32_t>({1, 6, 6}));
  EXPECT_EQ(label.shape, std::vector<int32_t>({1}));
}

TEST(CData, AFailingCallbackNamesItsLayer) {
  const OwnNet net(caffe::test::fed_net());
  Seen data, label;
  ok(ccaffe_net_set_data_callback(net, 0, fill, &data));
  ok(ccaffe_net_set_data_callback(net, 1, fill, &label));
  label.status = 5;
  expect_status(ccaffe_net_forward(net, -1, -1, nullptr), CCAFFE_CALLBACK,
                "the data callback of layer 'label' failed with status 5");
  label.status = 0;
  ok(ccaffe_net_forward(net, -1, -1, nullptr));
  ok(ccaffe_net_set_data_callback(net, 1, nullptr, nullptr));
  expect_status(ccaffe_net_forward(net, -1, -1, nullptr), CCAFFE_CALLBACK, "layer 'label'");
}

TEST(CData, OnlyJavaDataLayersTakeCallbacks) {
  const OwnNet net(caffe::test::fed_net());
  expect_status(ccaffe_net_set_data_callback(net, 2, fill, nullptr), CCAFFE_INVALID_ARGUMENT,
                "layer 'conv' is of type Convolution");
  expect_status(ccaffe_net_set_data_callback(net, 40, fill, nullptr), CCAFFE_INVALID_ARGUMENT,
                "layer 40");
}

TEST(CData, BatchSizeAndShapes) {
  const OwnNet net(caffe::test::fed_net());
  ccaffe_buffer* shapes = nullptr;
  ok(ccaffe_net_feed_shapes(net, &shapes));
  EXPECT_EQ(take(shapes), "data 8 1 6 6\nlabel 8 1\n");
  ok(ccaffe_net_set_batch_size(net, 3));
  ok(ccaffe_net_feed_shapes(net, &shapes));
  EXPECT_EQ(take(shapes), "data 3 1 6 6\nlabel 3 1\n");
  expect_status(ccaffe_net_set_batch_size(net, 0), CCAFFE_INVALID_ARGUMENT, "batch size 0");
}

TEST(CData, TheFeedGoesBeforeCallbacks) {
  const OwnNet net(caffe::test::fed_net());
  Seen data, label;
  ok(ccaffe_net_set_data_callback(net, 0, fill, &data));
  ok(ccaffe_net_set_data_callback(net, 1, fill, &label));
  const auto feed = [](void* context, int32_t num_tops, float* const* tops,
                       const int64_t* counts) -> int32_t {
    for (int32_t i = 0; i < num_tops; ++i) std::fill_n(tops[i], counts[i], 0.f);
    ++*static_cast<int*>(context);
    return 0;
  };
  int feeds = 0;
  ok(ccaffe_net_set_feed(net, feed, &feeds));
  ok(ccaffe_net_forward(net, -1, -1, nullptr));
  EXPECT_EQ(feeds, 1);
  EXPECT_EQ(data.calls, 0);
  ok(ccaffe_net_set_feed(net, nullptr, nullptr));
  ok(ccaffe_net_forward(net, -1, -1, nullptr));
  EXPECT_EQ(feeds, 1);
  EXPECT_EQ(data.calls, 1);
}

}  // namespace
}  // namespace ccaffe_test
