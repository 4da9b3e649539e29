#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<float>;

std::string spp(const std::string& fields) { return "type: 'SPP' spp_param { " + fields + " }"; }

TEST(SPPLayer, OneLevelIsGlobalPooling) {
  Case layer(spp("pyramid_height: 1 pool: AVE"), {{1, 2, 2, 2}});
  Case::set(layer.bottom(), {1, 2, 3, 6, 4, 4, 4, 8});
  layer.setup().forward();
  EXPECT_EQ(layer.top().shape(), (Shape{1, 2, 1, 1}));
  EXPECT_EQ(Case::data(layer.top()), (std::vector<float>{3, 5}));
}

// Level 1 of a 3x3 plane: kernel 2, pad (2 * 2 - 3 + 1) / 2 = 1.
TEST(SPPLayer, LevelsFollowOneAnother) {
  Case layer(spp("pyramid_height: 2"), {{2, 1, 3, 3}});
  Case::set(layer.bottom(), {1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 8, 7, 6, 5, 4, 3, 2, 1});
  layer.setup().forward();
  EXPECT_EQ(layer.top().shape(), (Shape{2, 5}));
  EXPECT_EQ(Case::data(layer.top()), (std::vector<float>{9, 1, 3, 7, 9, 9, 9, 8, 6, 5}));
}

TEST(SPPLayer, FollowsTheBottom) {
  Case layer(spp("pyramid_height: 3"), {{1, 2, 8, 8}});
  EXPECT_EQ(layer.setup().top().shape(), (Shape{1, 42}));
  layer.bottom().reshape({3, 2, 16, 4});
  layer.forward();
  EXPECT_EQ(layer.top().shape(), (Shape{3, 42}));
}

TEST(SPPLayer, Gradient) {
  for (const char* pool : {"MAX", "AVE"}) {
    for (const char* height : {"1", "3"}) {
      const std::string text = spp(cat("pool: ", pool, " pyramid_height: ", height));
      SCOPED_TRACE(text);
      check_gradients(text, {{2, 2, 4, 7}});
      LayerCase<double> test_net(text, {{1, 2, 8, 4}}, 1, TEST);
      check_gradients(test_net);
    }
  }
}

TEST(SPPLayer, Errors) {
  const struct {
    const char* fields;
    Shape bottom;
    Code code;
    const char* part;
  } kCases[] = {
      {"", {1, 1, 4, 4}, Code::kBadNet, "pyramid_height must be in 1..16, is 0"},
      {"pyramid_height: 1 pool: STOCHASTIC", {1, 1, 4, 4}, Code::kUnsupported, "STOCHASTIC"},
      {"pyramid_height: 1", {4, 4}, Code::kShape, "needs a bottom with 4 axes"},
      {"pyramid_height: 3", {1, 1, 4, 5}, Code::kShape, "cannot pool an extent of 5 into 4 bins"},
  };
  for (const auto& c : kCases) {
    Case layer(spp(c.fields), {c.bottom});
    expect_error(c.code, c.part, [&] { layer.setup(); });
  }
}

}  // namespace
}  // namespace test
}  // namespace caffe
