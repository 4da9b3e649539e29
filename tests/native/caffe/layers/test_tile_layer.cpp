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

TEST(TileLayer, Errors) {
  Case none(tile(""), {{2, 3}});
  expect_error(Code::kBadNet, "tiles must be given and positive", [&] { none.setup(); });
  Case axis(tile("tiles: 2 axis: 2"), {{2, 3}});
  expect_error(Code::kShape, "axis 2 is out of range", [&] { axis.setup(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
