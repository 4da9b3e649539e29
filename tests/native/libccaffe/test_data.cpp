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

const char kMemory[] =
    "layer { name: 'mem' type: 'MemoryData' top: 'x' top: 'y' "
    "  memory_data_param { batch_size: 2 channels: 1 height: 1 width: 2 } }"
    "layer { name: 'twice' type: 'Power' bottom: 'x' top: 'z' power_param { scale: 2 } }";

std::vector<float> values_of(ccaffe_net* net, int32_t index, int64_t count) {
  ccaffe_blob* blob = nullptr;
  std::vector<float> values(count);
  ok(ccaffe_net_blob(net, index, &blob));
  ok(ccaffe_blob_read(blob, CCAFFE_DATA, values.data(), count));
  return values;
}

TEST(CData, MemoryDataGoesThroughItsItems) {
  const OwnNet net(kMemory);
  {
    const std::vector<float> data{1, 2, 3, 4, 5, 6, 7, 8}, labels{0, 1, 2, 3};
    ok(ccaffe_net_set_memory_data(net, 0, data.data(), 8, labels.data(), 4));
  }
  using Floats = std::vector<float>;
  for (int pass = 0; pass < 4; ++pass) {
    ok(ccaffe_net_forward(net, -1, -1, nullptr));
    EXPECT_EQ(values_of(net, 2, 4),
              pass % 2 == 0 ? (Floats{2, 4, 6, 8}) : (Floats{10, 12, 14, 16}));
    EXPECT_EQ(values_of(net, 1, 2), pass % 2 == 0 ? (Floats{0, 1}) : (Floats{2, 3}));
  }
}

TEST(CData, MemoryDataRefusesWhatDoesNotFit) {
  const OwnNet net(kMemory);
  const std::vector<float> data{1, 2, 3, 4}, labels{5, 6};
  ok(ccaffe_net_set_memory_data(net, 0, data.data(), 4, labels.data(), 2));
  expect_status(ccaffe_net_set_memory_data(net, 0, data.data(), 3, labels.data(), 2), CCAFFE_SHAPE,
                "layer 'mem' (MemoryData): got 3 values for 2 labels; an item has 2 values");
  expect_status(ccaffe_net_set_memory_data(net, 0, data.data(), 2, labels.data(), 1),
                CCAFFE_INVALID_ARGUMENT, "layer 'mem' (MemoryData): got 1 labels");
  expect_status(ccaffe_net_set_memory_data(net, 0, nullptr, 4, labels.data(), 2),
                CCAFFE_INVALID_ARGUMENT, "data is null");
  expect_status(ccaffe_net_set_memory_data(net, 0, data.data(), 4, nullptr, 2),
                CCAFFE_INVALID_ARGUMENT, "labels is null");
  expect_status(ccaffe_net_set_memory_data(net, 1, data.data(), 4, labels.data(), 2),
                CCAFFE_INVALID_ARGUMENT, "layer 'twice' is of type Power");
  expect_status(ccaffe_net_set_memory_data(net, 7, data.data(), 4, labels.data(), 2),
                CCAFFE_INVALID_ARGUMENT, "layer 7");
  ok(ccaffe_net_forward(net, -1, -1, nullptr));  // what it had is there
  EXPECT_EQ(values_of(net, 1, 2), labels);
}

}  // namespace
}  // namespace ccaffe_test
