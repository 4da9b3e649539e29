#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<float>;

std::string argmax(const std::string& fields) {
  return "type: 'ArgMax' argmax_param { " + fields + " }";
}

std::vector<float> result(const std::string& fields, const Shape& bottom,
                          const std::vector<float>& values, const Shape& top) {
  Case layer(argmax(fields), {bottom});
  Case::set(layer.bottom(), values);
  layer.setup().forward();
  EXPECT_EQ(layer.top().shape(), top);
  return Case::data(layer.top());
}

TEST(ArgMaxLayer, OverAllAxes) {
  const std::vector<float> x = {1, 7, 3, 5, 9, 2};
  EXPECT_EQ(result("", {2, 3}, x, {2, 1, 1}), (std::vector<float>{1, 1}));
  EXPECT_EQ(result("top_k: 2", {2, 3}, x, {2, 1, 2}), (std::vector<float>{1, 2, 1, 0}));
  EXPECT_EQ(result("top_k: 2 out_max_val: true", {2, 3}, x, {2, 2, 2}),
            (std::vector<float>{1, 2, 7, 3, 1, 0, 9, 5}));
  EXPECT_EQ(result("", {1, 1, 2, 3, 1}, x, {1, 1, 1, 1, 1}), (std::vector<float>{4}));
}

TEST(ArgMaxLayer, AlongAnAxis) {
  const std::vector<float> x = {1, 7, 3, 5, 9, 2};
  EXPECT_EQ(result("axis: 0", {2, 3}, x, {1, 3}), (std::vector<float>{1, 1, 0}));
  EXPECT_EQ(result("axis: 0 top_k: 2", {2, 3}, x, {2, 3}), (std::vector<float>{1, 1, 0, 0, 0, 1}));
  EXPECT_EQ(result("axis: -1 top_k: 2 out_max_val: true", {2, 3}, x, {2, 2}),
            (std::vector<float>{7, 3, 9, 5}));
}

TEST(ArgMaxLayer, OfEqualValuesTheLaterComesFirst) {
  EXPECT_EQ(result("top_k: 3", {1, 4}, {5, 6, 5, 6}, {1, 1, 3}), (std::vector<float>{3, 1, 2}));
}

TEST(ArgMaxLayer, HasNoGradient) {
  Case layer(argmax(""), {{1, 3}});
  layer.setup().forward();
  expect_error(Code::kUnsupported, "has no gradient", [&] { layer.backward(); });
}

// More positions than are done at once.
TEST(ArgMaxLayer, ManyPositions) {
  const int64_t inner = 300;
  std::vector<float> x(2 * 5 * inner), largest(2 * inner), second(2 * inner);
  for (int64_t i = 0; i < 2 * inner; ++i) {
    for (int64_t c = 0; c < 5; ++c) {
      x[(i / inner * 5 + c) * inner + i % inner] = static_cast<float>((c * 3 + i) % 5);
    }
    for (int64_t c = 0; c < 5; ++c) {
      if ((c * 3 + i) % 5 == 4) largest[i] = static_cast<float>(c);
      if ((c * 3 + i) % 5 == 3) second[i] = static_cast<float>(c);
    }
  }
  EXPECT_EQ(result("axis: 1", {2, 5, inner}, x, {2, 1, inner}), largest);
  EXPECT_EQ(result("axis: 1 out_max_val: true", {2, 5, inner}, x, {2, 1, inner}),
            std::vector<float>(2 * inner, 4));
  const std::vector<float> both = result("axis: 1 top_k: 2", {2, 5, inner}, x, {2, 2, inner});
  for (int64_t i = 0; i < 2 * inner; ++i) {
    EXPECT_EQ(both[i / inner * 2 * inner + i % inner], largest[i]);
    EXPECT_EQ(both[(i / inner * 2 + 1) * inner + i % inner], second[i]);
  }
}

TEST(ArgMaxLayer, Errors) {
  Case top_k(argmax("top_k: 4"), {{2, 3}});
  expect_error(Code::kShape, "top_k 4 is not in 1..3", [&] { top_k.setup(); });
  Case none(argmax("top_k: 0"), {{2, 3}});
  expect_error(Code::kShape, "top_k 0 is not in 1..3", [&] { none.setup(); });
  Case axis(argmax("axis: 2"), {{2, 3}});
  expect_error(Code::kShape, "axis 2 is out of range", [&] { axis.setup(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
