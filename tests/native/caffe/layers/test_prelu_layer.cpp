#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<double>;

std::string prelu(const std::string& fields) {
  return "type: 'PReLU' prelu_param { " + fields + " }";
}

TEST(PReLULayer, OneSlopePerChannel) {
  Case layer(prelu(""), {{1, 2, 2}});
  layer.setup();
  EXPECT_EQ(layer.blob(0).shape(), (Shape{2}));
  EXPECT_EQ(Case::data(layer.blob(0)), (std::vector<double>{0.25, 0.25}));
  Case::set(layer.bottom(), {-4, 4, -4, 4});
  Case::set(layer.blob(0), {0.5, -2});
  layer.forward();
  EXPECT_EQ(Case::data(layer.top()), (std::vector<double>{-2, 4, 8, 4}));
}

TEST(PReLULayer, SharedSlope) {
  Case layer(prelu("channel_shared: true filler { value: 3 }"), {{1, 2}});
  Case::set(layer.bottom(), {-1, -2});
  layer.setup().forward();
  EXPECT_EQ(layer.blob(0).shape(), Shape{});
  EXPECT_EQ(Case::data(layer.top()), (std::vector<double>{-3, -6}));
}

// Negative slopes too: in place, y does not tell the sign of x then.
TEST(PReLULayer, Gradient) {
  for (const char* fields :
       {"", "filler { type: 'gaussian' }", "channel_shared: true", "filler { value: -0.5 }"}) {
    SCOPED_TRACE(fields);
    Case apart(prelu(fields), {{2, 3, 2, 2}}), in_place(prelu(fields), {{2, 3, 2, 2}});
    check_gradients(apart);
    check_gradients(in_place.in_place());
  }
}

TEST(PReLULayer, Errors) {
  Case axes(prelu(""), {{3}});
  expect_error(Code::kShape, "needs a bottom with at least 2 axes", [&] { axes.setup(); });
  Case changed(prelu(""), {{2, 3}});
  changed.setup();
  changed.bottom().reshape({2, 4});
  expect_error(Code::kShape, "was set up for 3 channels", [&] { changed.forward(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
