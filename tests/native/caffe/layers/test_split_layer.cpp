#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<float>;

TEST(SplitLayer, TopsShareTheBottomsData) {
  Case layer("type: 'Split'", {{2, 3}}, 3);
  layer.setup().forward();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(layer.top(i).shape(), (Shape{2, 3}));
    EXPECT_EQ(layer.top(i).cpu_data(), layer.bottom().cpu_data());
  }
}

TEST(SplitLayer, BackwardSumsAndSkipsReadersWithoutGradient) {
  Case layer("type: 'Split'", {{2}}, 3);
  layer.setup().forward();
  layer.backward();
  EXPECT_EQ(Case::diff(layer.bottom()), (std::vector<float>{0, 0}));
  Case::set_diff(layer.top(0), {1, 2});
  Case::set_diff(layer.top(2), {10, 20});
  layer.backward();
  EXPECT_EQ(Case::diff(layer.bottom()), (std::vector<float>{11, 22}));
}

TEST(SplitLayer, FollowsAChangedShape) {
  Case layer("type: 'Split'", {{2}}, 2);
  layer.setup().forward();
  layer.bottom().reshape({40000});
  layer.forward();
  Case::set_diff(layer.top(0), std::vector<float>(40000, 1));
  Case::set_diff(layer.top(1), std::vector<float>(40000, 2));
  layer.backward();
  EXPECT_EQ(Case::diff(layer.bottom()), std::vector<float>(40000, 3));
}

TEST(SplitLayer, Gradient) { check_gradients("type: 'Split'", {{3, 2}}); }

}  // namespace
}  // namespace test
}  // namespace caffe
