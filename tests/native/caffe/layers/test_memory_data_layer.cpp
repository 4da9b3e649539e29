#include "caffe/memory_data_layer.hpp"
#include "support/expect_error.hpp"
#include "support/layer_case.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<float>;

const char kText[] =
    "type: 'MemoryData' memory_data_param { batch_size: 2 channels: 1 height: 1 width: 3 }";

MemoryDataLayer<float>& memory(Case& layer) {
  return dynamic_cast<MemoryDataLayer<float>&>(layer.layer());
}

TEST(MemoryDataLayer, GoesThroughItsItemsInACircle) {
  Case layer(kText, {}, 2);
  layer.setup();
  EXPECT_EQ(layer.top(0).shape(), (Shape{2, 1, 1, 3}));
  EXPECT_EQ(layer.top(1).shape(), (Shape{2, 1, 1, 1}));
  std::vector<float> data(12), labels{5, 6, 7, 8};
  for (int i = 0; i < 12; ++i) data[i] = static_cast<float>(i);
  memory(layer).reset(data.data(), 12, labels.data(), 4);
  data.assign(12, -1);  // they are copied
  for (int pass = 0; pass < 4; ++pass) {
    layer.forward();
    const float first = pass % 2 == 0 ? 0.f : 6.f;
    EXPECT_EQ(Case::data(layer.top(0)),
              (std::vector<float>{first, first + 1, first + 2, first + 3, first + 4, first + 5}));
    EXPECT_EQ(Case::data(layer.top(1)),
              pass % 2 == 0 ? (std::vector<float>{5, 6}) : (std::vector<float>{7, 8}));
  }
}

TEST(MemoryDataLayer, Errors) {
  Case layer(kText, {}, 2);
  layer.setup();
  expect_error(Code::kState, "layer 'l' (MemoryData): has no data", [&] { layer.forward(); });
  const std::vector<float> values(9);
  for (int64_t count : {0, 3, -2}) {
    expect_error(Code::kInvalidArgument, "no positive multiple of its batch_size 2",
                 [&] { memory(layer).reset(values.data(), 3 * count, values.data(), count); });
  }
  for (int64_t count : {0, 5, 7, 9, -6}) {
    expect_error(Code::kShape, cat("layer 'l' (MemoryData): got ", count, " values for 2 labels"),
                 [&] { memory(layer).reset(values.data(), count, values.data(), 2); });
  }
  expect_error(Code::kState, "has no data", [&] { layer.forward(); });
  Case incomplete("type: 'MemoryData' memory_data_param { batch_size: 2 }", {}, 2);
  expect_error(Code::kBadNet, "positive batch_size, channels", [&] { incomplete.setup(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
