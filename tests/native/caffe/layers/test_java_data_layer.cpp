#include "caffe/java_data_layer.hpp"
#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<float>;

const char kText[] = "type: 'JavaData' java_data_param { shape { dim: 2 dim: 3 } }";

JavaDataLayer<float>& java_data(Case& layer) {
  return static_cast<JavaDataLayer<float>&>(layer.layer());
}

TEST(JavaDataLayer, CallbackFillsTheTopOncePerPass) {
  Case layer(kText, {});
  layer.setup();
  int calls = 0;
  java_data(layer).set_callback([&](float* data, int64_t batch, const Shape& item) {
    EXPECT_EQ(batch, 2);
    EXPECT_EQ(item, (Shape{3}));
    ++calls;
    for (int i = 0; i < 6; ++i) data[i] = static_cast<float>(10 * calls + i);
  });
  layer.forward();
  layer.forward();
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(Case::data(layer.top()), (std::vector<float>{20, 21, 22, 23, 24, 25}));
}

TEST(JavaDataLayer, FeedGoesBeforeTheCallback) {
  Case layer(kText, {});
  layer.setup();
  java_data(layer).set_callback([](float*, int64_t, const Shape&) { FAIL(); });
  Case::set(layer.top(), {1, 2, 3, 4, 5, 6});
  java_data(layer).set_fed();
  layer.forward();
  EXPECT_EQ(layer.top().cpu_data()[5], 6);
}

TEST(JavaDataLayer, BatchSizeChanges) {
  Case layer(kText, {});
  layer.setup();
  java_data(layer).set_batch_size(4);
  java_data(layer).set_callback([](float* data, int64_t batch, const Shape& item) {
    std::fill_n(data, batch * item[0], 1.f);
  });
  layer.forward();
  EXPECT_EQ(layer.top().shape(), (Shape{4, 3}));
  EXPECT_EQ(Case::data(layer.top()), std::vector<float>(12, 1));
  expect_error(Code::kInvalidArgument, "a batch of 0 items",
               [&] { java_data(layer).set_batch_size(0); });
}

TEST(JavaDataLayer, FailuresStopThePass) {
  Case layer(kText, {});
  layer.setup();
  expect_error(Code::kCallback, "layer 'l' (JavaData): has no data", [&] { layer.forward(); });
  java_data(layer).set_callback(
      [](float*, int64_t, const Shape&) { fail(Code::kCallback, "it threw"); });
  expect_error(Code::kCallback, "layer 'l' (JavaData): it threw", [&] { layer.forward(); });
}

TEST(JavaDataLayer, Errors) {
  Case none("type: 'JavaData'", {});
  expect_error(Code::kBadNet, "java_data_param.shape is missing", [&] { none.setup(); });
  Case zero("type: 'JavaData' java_data_param { shape { dim: 2 dim: 0 } }", {});
  expect_error(Code::kBadNet, "not positive", [&] { zero.setup(); });
  Case bottom(kText, {{2}});
  expect_error(Code::kBadNet, "takes exactly 0 bottom", [&] { bottom.setup(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
