#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<float>;

std::string tile(const std::string& fields) { return "type: 'Tile' tile_param { " + fields + " }"; }

TEST(TileLayer, Repeats) {
  Case layer(tile("tiles: 2"), {{2, 2}});
  Case::set(layer.bottom(), {1, 2, 3, 4});
  layer.setup().forward();
  EXPECT_EQ(layer.top().shape(), (Shape{2, 4}));
  EXPECT_EQ(Case::data(layer.top()), (std::vector<float>{1, 2, 1, 2, 3, 4, 3, 4}));
  Case rows(tile("tiles: 3 axis: -2"), {{1, 2}});
  Case::set(rows.bottom(), {1, 2});
  rows.setup().forward();
  EXPECT_EQ(rows.top().shape(), (Shape{3, 2}));
  EXPECT_EQ(Case::data(rows.top()), (std::vector<float>{1, 2, 1, 2, 1, 2}));
}

TEST(TileLayer, Gradient) {
  check_gradients(tile("tiles: 3"), {{2, 3, 2}});
  check_gradients(tile("tiles: 2 axis: 2"), {{2, 3, 2}});
}

// Pieces that do not divide what a thread does at once.
TEST(TileLayer, LargeOnes) {
  for (const auto& [piece, tiles] : {std::make_pair(7001, 5), std::make_pair(1, 40001)}) {
    Case layer(tile(cat("tiles: ", tiles)), {{3, piece}});
    layer.setup().forward();
    std::vector<float> dy(layer.top().count());
    for (size_t i = 0; i < dy.size(); ++i) dy[i] = static_cast<float>(i % 11);
    Case::set_diff(layer.top(), dy);
    layer.backward();
    const float* x = layer.bottom().cpu_data();
    std::vector<float> sums(layer.bottom().count());
    for (size_t i = 0; i < dy.size(); ++i) {
      const size_t from = i / (piece * tiles) * piece + i % piece;
      ASSERT_EQ(layer.top().cpu_data()[i], x[from]);
      sums[from] += dy[i];
    }
    EXPECT_EQ(Case::diff(layer.bottom()), sums);
  }
}

TEST(TileLayer, Errors) {
  Case none(tile(""), {{2, 3}});
  expect_error(Code::kBadNet, "tiles must be given and positive", [&] { none.setup(); });
  Case axis(tile("tiles: 2 axis: 2"), {{2, 3}});
  expect_error(Code::kShape, "axis 2 is out of range", [&] { axis.setup(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
