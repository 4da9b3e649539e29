#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<float>;

TEST(InputLayer, Shapes) {
  Case one("type: 'Input' input_param { shape { dim: 2 dim: 3 } }", {}, 2);
  one.setup();
  EXPECT_EQ(one.top(0).shape(), (Shape{2, 3}));
  EXPECT_EQ(one.top(1).shape(), (Shape{2, 3}));
  Case each("type: 'Input' input_param { shape { dim: 2 } shape { dim: 5 } }", {}, 2);
  EXPECT_EQ(each.setup().top(1).shape(), (Shape{5}));
}

TEST(InputLayer, KeepsWhatTheCallerSets) {
  Case layer("type: 'Input' input_param { shape { dim: 2 } }", {});
  layer.setup();
  layer.top().reshape({3});
  Case::set(layer.top(), {1, 2, 3});
  layer.forward();
  EXPECT_EQ(Case::data(layer.top()), (std::vector<float>{1, 2, 3}));
}

TEST(InputLayer, Errors) {
  Case layer("type: 'Input' input_param { shape { dim: 2 } shape { dim: 3 } }", {}, 3);
  expect_error(Code::kBadNet, "3 tops, 2 shapes", [&] { layer.setup(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
