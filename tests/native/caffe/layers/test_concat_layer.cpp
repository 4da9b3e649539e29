#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<float>;

TEST(ConcatLayer, JoinsAlongTheAxis) {
  Case channels("type: 'Concat'", {{2, 1, 2}, {2, 2, 2}});
  Case::set(channels.bottom(0), {1, 2, 3, 4});
  Case::set(channels.bottom(1), {10, 20, 30, 40, 50, 60, 70, 80});
  channels.setup().forward();
  EXPECT_EQ(channels.top().shape(), (Shape{2, 3, 2}));
  EXPECT_EQ(Case::data(channels.top()),
            (std::vector<float>{1, 2, 10, 20, 30, 40, 3, 4, 50, 60, 70, 80}));
  Case old("type: 'Concat' concat_param { concat_dim: 0 }", {{1, 2}, {2, 2}});
  EXPECT_EQ(old.setup().top().shape(), (Shape{3, 2}));
}

TEST(ConcatLayer, OneBottomSharesItsMemory) {
  Case layer("type: 'Concat'", {{2, 3}});
  layer.setup().forward();
  EXPECT_EQ(layer.top().cpu_data(), layer.bottom().cpu_data());
  EXPECT_EQ(layer.top().diff_ptr(), layer.bottom().diff_ptr());
}

TEST(ConcatLayer, BackwardLeavesOutWhatIsNotAskedFor) {
  Case layer("type: 'Concat'", {{1, 1}, {1, 2}});
  layer.setup().forward();
  layer.propagate() = {false, true};
  Case::set_diff(layer.top(), {1, 2, 3});
  layer.backward();
  EXPECT_TRUE(layer.bottom(0).diff().is_zero());
  EXPECT_EQ(Case::diff(layer.bottom(1)), (std::vector<float>{2, 3}));
}

TEST(ConcatLayer, Gradient) {
  check_gradients("type: 'Concat' concat_param { axis: -1 }", {{2, 2, 1}, {2, 2, 3}, {2, 2, 2}});
  check_gradients("type: 'Concat' concat_param { axis: 0 }", {{1, 2}, {2, 2}});
}

TEST(ConcatLayer, Errors) {
  Case both("type: 'Concat' concat_param { axis: 1 concat_dim: 1 }", {{1, 2}, {1, 2}});
  expect_error(Code::kBadNet, "give either axis or concat_dim", [&] { both.setup(); });
  Case extents("type: 'Concat'", {{1, 2, 3}, {1, 2, 4}});
  expect_error(Code::kShape, "differ in more than axis 1", [&] { extents.setup(); });
  Case axes("type: 'Concat'", {{1, 2}, {1, 2, 1}});
  expect_error(Code::kShape, "differ in more than axis 1", [&] { axes.setup(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
