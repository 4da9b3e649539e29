#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<float>;

std::string crop(const std::string& fields) { return "type: 'Crop' crop_param { " + fields + " }"; }

std::vector<float> result(const std::string& fields, const Shape& size, const Shape& top) {
  Case layer(crop(fields), {{1, 2, 2, 3}, size});
  std::vector<float> values(12);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  Case::set(layer.bottom(), values);
  layer.setup().forward();
  EXPECT_EQ(layer.top().shape(), top);
  return Case::data(layer.top());
}

TEST(CropLayer, CutsAWindow) {
  EXPECT_EQ(result("", {9, 9, 1, 2}, {1, 2, 1, 2}), (std::vector<float>{0, 1, 6, 7}));
  EXPECT_EQ(result("offset: 1", {1, 1, 1, 2}, {1, 2, 1, 2}), (std::vector<float>{4, 5, 10, 11}));
  EXPECT_EQ(result("offset: 1 offset: 0", {1, 1, 1, 2}, {1, 2, 1, 2}),
            (std::vector<float>{3, 4, 9, 10}));
  EXPECT_EQ(result("axis: 1 offset: 1 offset: 0 offset: 2", {1, 1, 2, 1}, {1, 1, 2, 1}),
            (std::vector<float>{8, 11}));
  EXPECT_EQ(result("axis: -1 offset: 2", {1, 1, 1, 1}, {1, 2, 2, 1}),
            (std::vector<float>{2, 5, 8, 11}));
}

TEST(CropLayer, BackwardFillsAround) {
  Case layer(crop("axis: 0 offset: 0 offset: 1"), {{2, 3}, {1, 2}});
  layer.setup().forward();
  Case::set_diff(layer.top(), {5, 6});
  Case::set_diff(layer.bottom(1), {7, 7});
  layer.backward();
  EXPECT_EQ(Case::diff(layer.bottom()), (std::vector<float>{0, 5, 6, 0, 0, 0}));
  EXPECT_EQ(Case::diff(layer.bottom(1)), (std::vector<float>{0, 0}));
}

TEST(CropLayer, Gradient) {
  check_gradients(crop("offset: 1"), {{2, 2, 3, 4}, {1, 1, 2, 2}});
  check_gradients(crop("axis: 1 offset: 1 offset: 2"), {{2, 3, 4}, {1, 2, 2}});
}

TEST(CropLayer, LargeOnes) {
  Case layer(crop("axis: 1 offset: 1 offset: 2 offset: 3"), {{3, 5, 70, 80}, {3, 4, 60, 70}});
  layer.setup().forward();
  Case::set_diff(layer.top(), Case::data(layer.top()));
  layer.propagate() = {true, false};
  layer.backward();
  for (int64_t i = 0; i < layer.bottom().count(); ++i) {
    const int64_t x = i % 80 - 3, y = i / 80 % 70 - 2, c = i / 5600 % 5 - 1, n = i / 28000;
    const bool inside = x >= 0 && x < 70 && y >= 0 && y < 60 && c >= 0 && c < 4;
    const float value = layer.bottom().cpu_data()[i];
    if (inside) {
      ASSERT_EQ(layer.top().cpu_data()[((n * 4 + c) * 60 + y) * 70 + x], value);
    }
    ASSERT_EQ(layer.bottom().cpu_diff()[i], inside ? value : 0);
  }
}

TEST(CropLayer, Errors) {
  const struct {
    const char* fields;
    Shape size;
    Code code;
    const char* part;
  } kCases[] = {
      {"", {1, 2}, Code::kShape, "lacks axes"},
      {"axis: 4", {1, 1, 1, 1}, Code::kShape, "axis 4 is out of range"},
      {"axis: 1 offset: 0 offset: 0", {1, 1, 1, 1}, Code::kBadNet, "3 axes, 2 offsets"},
      {"", {1, 1, 3, 3}, Code::kShape, "a window of 3 at 0 does not fit axis 2, of extent 2"},
      {"offset: 1", {1, 1, 1, 3}, Code::kShape, "a window of 3 at 1 does not fit axis 3"},
  };
  for (const auto& c : kCases) {
    Case layer(crop(c.fields), {{1, 2, 2, 3}, c.size});
    expect_error(c.code, c.part, [&] { layer.setup(); });
  }
}

}  // namespace
}  // namespace test
}  // namespace caffe
