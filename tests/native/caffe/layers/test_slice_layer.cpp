#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<float>;

std::string slice(const std::string& fields) {
  return "type: 'Slice' slice_param { " + fields + " }";
}

TEST(SliceLayer, EqualPieces) {
  Case layer(slice(""), {{2, 4}}, 2);
  Case::set(layer.bottom(), {1, 2, 3, 4, 5, 6, 7, 8});
  layer.setup().forward();
  EXPECT_EQ(layer.top(1).shape(), (Shape{2, 2}));
  EXPECT_EQ(Case::data(layer.top(0)), (std::vector<float>{1, 2, 5, 6}));
  EXPECT_EQ(Case::data(layer.top(1)), (std::vector<float>{3, 4, 7, 8}));
}

TEST(SliceLayer, PiecesAtPoints) {
  for (const char* axis : {"axis: 2", "axis: -1", "slice_dim: 2"}) {
    SCOPED_TRACE(axis);
    Case layer(slice(cat(axis, " slice_point: 1 slice_point: 3")), {{1, 1, 5}}, 3);
    Case::set(layer.bottom(), {1, 2, 3, 4, 5});
    layer.setup().forward();
    EXPECT_EQ(Case::data(layer.top(0)), (std::vector<float>{1}));
    EXPECT_EQ(Case::data(layer.top(1)), (std::vector<float>{2, 3}));
    EXPECT_EQ(layer.top(2).shape(), (Shape{1, 1, 2}));
    EXPECT_EQ(Case::data(layer.top(2)), (std::vector<float>{4, 5}));
  }
}

TEST(SliceLayer, BackwardJoinsAllPieces) {
  Case layer(slice("axis: 1 slice_point: 1"), {{2, 3}}, 2);
  layer.setup().forward();
  Case::set_diff(layer.top(0), {1, 4});
  Case::set_diff(layer.top(1), {2, 3, 5, 6});
  layer.backward();
  EXPECT_EQ(Case::diff(layer.bottom()), (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

TEST(SliceLayer, Gradient) {
  LayerCase<double> layer(slice("axis: 0 slice_point: 2"), {{3, 2}}, 2);
  check_gradients(layer);
}

TEST(SliceLayer, OneTopSharesMemory) {
  Case layer(slice(""), {{2, 3}});
  layer.setup().forward();
  EXPECT_EQ(layer.top().cpu_data(), layer.bottom().cpu_data());
  EXPECT_EQ(layer.top().diff_ptr(), layer.bottom().diff_ptr());
  layer.backward();
}

TEST(SliceLayer, Errors) {
  const struct {
    const char* fields;
    Code code;
    const char* part;
  } kCases[] = {
      {"axis: 1 slice_dim: 1 slice_point: 1", Code::kBadNet, "either axis or slice_dim"},
      {"axis: 2 slice_point: 1", Code::kShape, "axis 2 is out of range"},
      {"", Code::kShape, "2 tops do not divide an axis of extent 3"},
      {"slice_point: 1 slice_point: 2", Code::kBadNet, "2 tops need 1 slice_point(s), not 2"},
      {"slice_point: 0", Code::kBadNet, "slice_point 0 is not behind"},
      {"slice_point: 3", Code::kShape, "slice_point 3 is not inside"},
  };
  for (const auto& c : kCases) {
    Case layer(slice(c.fields), {{2, 3}}, 2);
    expect_error(c.code, c.part, [&] { layer.setup(); });
  }
}

}  // namespace
}  // namespace test
}  // namespace caffe
