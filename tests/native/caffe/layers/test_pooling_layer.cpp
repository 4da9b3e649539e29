#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<float>;

std::string pooling(const std::string& fields) {
  return "type: 'Pooling' pooling_param { " + fields + " }";
}

Shape top_shape(const std::string& fields, const Shape& bottom) {
  return Case(pooling(fields), {bottom}).setup().top().shape();
}

TEST(PoolingLayer, RoundsUpUnlessTold) {
  EXPECT_EQ(top_shape("kernel_size: 3 stride: 2", {2, 3, 6, 7}), (Shape{2, 3, 3, 3}));
  EXPECT_EQ(top_shape("kernel_size: 3 stride: 2 round_mode: FLOOR", {2, 3, 6, 7}),
            (Shape{2, 3, 2, 3}));
  // Rounding up gives an image smaller than the kernel one output.
  EXPECT_EQ(top_shape("kernel_size: 3 stride: 2", {1, 1, 2, 2}), (Shape{1, 1, 1, 1}));
}

TEST(PoolingLayer, ClipsWindowsThatStartInThePadding) {
  // ceil((4 + 2 - 2) / 3) + 1 = 3, but window 2 would start at 2 * 3 >= 4 + 1: left out.
  EXPECT_EQ(top_shape("kernel_size: 2 stride: 3 pad: 1", {1, 1, 4, 4}), (Shape{1, 1, 2, 2}));
  EXPECT_EQ(top_shape("kernel_size: 3 stride: 2 pad: 1", {1, 1, 6, 6}), (Shape{1, 1, 4, 4}));
  EXPECT_EQ(
      top_shape("kernel_h: 3 kernel_w: 2 stride_h: 2 stride_w: 1 pad_h: 1 pad_w: 0", {1, 1, 6, 6}),
      (Shape{1, 1, 4, 5}));
}

TEST(PoolingLayer, GlobalPoolingFollowsTheBottom) {
  Case layer(pooling("pool: AVE global_pooling: true"), {{2, 3, 4, 5}});
  EXPECT_EQ(layer.setup().top().shape(), (Shape{2, 3, 1, 1}));
  layer.bottom().reshape({1, 1, 2, 2});
  Case::set(layer.bottom(), {1, 2, 3, 6});
  layer.forward();
  EXPECT_EQ(Case::data(layer.top()), (std::vector<float>{3}));
}

TEST(PoolingLayer, MaximumAndMask) {
  Case layer(pooling("kernel_size: 2 stride: 2"), {{1, 1, 3, 3}}, 2);
  Case::set(layer.bottom(), {1, 5, 5, 5, 2, 3, 4, 9, 0});
  layer.setup().forward();
  EXPECT_EQ(Case::data(layer.top()), (std::vector<float>{5, 5, 9, 0}));
  // The first of equal maxima wins.
  EXPECT_EQ(Case::data(layer.top(1)), (std::vector<float>{1, 2, 7, 8}));
  Case::set_diff(layer.top(), {1, 2, 3, 4});
  layer.backward();
  EXPECT_EQ(Case::diff(layer.bottom()), (std::vector<float>{0, 1, 2, 0, 0, 0, 0, 3, 4}));
}

TEST(PoolingLayer, AverageCountsPadding) {
  Case layer(pooling("pool: AVE kernel_size: 2 stride: 2 pad: 1"), {{1, 1, 2, 2}});
  Case::set(layer.bottom(), {4, 8, 12, 16});
  layer.setup().forward();
  EXPECT_EQ(Case::data(layer.top()), (std::vector<float>{1, 2, 3, 4}));
  // Without padding, a window that reaches beyond the image divides by what is inside.
  Case over(pooling("pool: AVE kernel_size: 2 stride: 2"), {{1, 1, 3, 3}});
  Case::set(over.bottom(), {1, 1, 2, 1, 1, 4, 3, 5, 7});
  over.setup().forward();
  EXPECT_EQ(Case::data(over.top()), (std::vector<float>{1, 3, 4, 7}));
}

TEST(PoolingLayer, Gradient) {
  for (const char* fields :
       {"pool: MAX kernel_size: 3 stride: 2", "pool: MAX kernel_size: 3 stride: 1 pad: 2",
        "pool: AVE kernel_size: 3 stride: 2", "pool: AVE kernel_size: 3 stride: 2 pad: 1",
        "pool: AVE kernel_size: 3 stride: 2 pad: 2 round_mode: FLOOR",
        "pool: MAX global_pooling: true"}) {
    SCOPED_TRACE(fields);
    check_gradients(pooling(fields), {{2, 2, 5, 6}});
  }
}

TEST(PoolingLayer, BackwardWorksInATestNet) {
  Case layer(pooling("kernel_size: 2"), {{1, 1, 2, 2}}, 1, TEST);
  Case::set(layer.bottom(), {1, 2, 7, 4});
  layer.setup().forward();
  Case::set(layer.top(), {-1});  // as a layer in place does
  Case::set_diff(layer.top(), {5});
  layer.backward();
  EXPECT_EQ(Case::data(layer.top()), (std::vector<float>{-1}));
  EXPECT_EQ(Case::diff(layer.bottom()), (std::vector<float>{0, 0, 5, 0}));
}

TEST(PoolingLayer, Errors) {
  const struct {
    const char* fields;
    Code code;
    const char* part;
  } kCases[] = {
      {"pool: STOCHASTIC kernel_size: 2", Code::kUnsupported, "STOCHASTIC"},
      {"", Code::kBadNet, "give either kernel_size or kernel_h and kernel_w"},
      {"kernel_size: 2 kernel_h: 2 kernel_w: 2", Code::kBadNet, "give either kernel_size"},
      {"kernel_h: 2", Code::kBadNet, "kernel_h and kernel_w must be given together"},
      {"kernel_size: 2 stride_h: 1", Code::kBadNet, "stride_h and stride_w"},
      {"kernel_size: 2 pad: 1 pad_h: 1 pad_w: 1", Code::kBadNet, "give either pad or pad_h"},
      {"kernel_size: 0", Code::kBadNet, "kernel size must be positive"},
      {"kernel_size: 2 stride: 0", Code::kBadNet, "stride must be positive"},
      {"kernel_size: 2 pad: 2", Code::kBadNet, "pad 2 must be smaller than the kernel, 2"},
      {"global_pooling: true kernel_size: 2", Code::kBadNet, "give no kernel size"},
      {"global_pooling: true stride: 2", Code::kBadNet, "pad 0 and stride 1"},
      {"kernel_size: 9", Code::kShape, "a kernel of 9 does not fit an input of 4"},
  };
  for (const auto& c : kCases) {
    Case layer(pooling(c.fields), {{1, 1, 4, 4}});
    expect_error(c.code, c.part, [&] { layer.setup(); });
  }
  Case axes(pooling("kernel_size: 2"), {{4, 4}});
  expect_error(Code::kShape, "needs a bottom with 4 axes", [&] { axes.setup(); });
  Case mask(pooling("pool: AVE kernel_size: 2"), {{1, 1, 4, 4}}, 2);
  expect_error(Code::kBadNet, "makes exactly 1 top", [&] { mask.setup(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
