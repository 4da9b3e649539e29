#include <algorithm>

#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<float>;

TEST(DropoutLayer, TrainDropsAShareAndScalesTheRest) {
  for (const double ratio : {0.25, 0.5, 0.8}) {
    Case layer(cat("type: 'Dropout' dropout_param { dropout_ratio: ", ratio, " }"), {{100, 500}});
    Case::set(layer.bottom(), std::vector<float>(50000, 1));
    layer.setup().forward();
    const std::vector<float> y = Case::data(layer.top());
    const auto dropped = std::count(y.begin(), y.end(), 0.f);
    EXPECT_NEAR(static_cast<double>(dropped) / 50000, ratio, 0.01);
    for (float value : y) {
      if (value == 0) continue;
      ASSERT_FLOAT_EQ(value, static_cast<float>(1 / (1 - ratio)));
    }
    // Neighbours are independent: both dropped with probability ratio^2.
    int pairs = 0;
    for (size_t i = 0; i + 1 < y.size(); ++i) pairs += y[i] == 0 && y[i + 1] == 0 ? 1 : 0;
    EXPECT_NEAR(pairs / 50000.0, ratio * ratio, 0.01);
  }
}

TEST(DropoutLayer, BackwardUsesTheForwardMask) {
  Case layer("type: 'Dropout'", {{300, 100}});
  Case::set(layer.bottom(), std::vector<float>(30000, 1));
  layer.setup().forward();
  Case::set_diff(layer.top(), std::vector<float>(30000, 1));
  layer.backward();
  EXPECT_EQ(Case::diff(layer.bottom()), Case::data(layer.top()));
}

TEST(DropoutLayer, MasksDifferByPassAndRepeatForASeed) {
  Case a("type: 'Dropout'", {{1000}}), b("type: 'Dropout'", {{1000}});
  a.setup().forward();
  b.setup().forward();
  const std::vector<float> first = Case::data(a.top());
  EXPECT_EQ(first, Case::data(b.top()));
  a.forward();
  EXPECT_NE(first, Case::data(a.top()));
}

TEST(DropoutLayer, TestIsTheIdentity) {
  Case layer("type: 'Dropout'", {{2, 3}}, 1, TEST), in_place("type: 'Dropout'", {{6}}, 1, TEST);
  layer.setup().forward();
  EXPECT_EQ(Case::data(layer.top()), Case::data(layer.bottom()));
  Case::set_diff(layer.top(), {1, 2, 3, 4, 5, 6});
  layer.backward();
  EXPECT_EQ(Case::diff(layer.bottom()), (std::vector<float>{1, 2, 3, 4, 5, 6}));
  in_place.in_place().setup();
  const std::vector<float> before = Case::data(in_place.bottom());
  in_place.forward();
  EXPECT_EQ(Case::data(in_place.top()), before);
}

TEST(DropoutLayer, Gradient) {
  const char* text = "type: 'Dropout' dropout_param { dropout_ratio: 0.4 }";
  LayerCase<double> apart(text, {{4, 5}}), in_place(text, {{4, 5}});
  check_gradients(apart);
  check_gradients(in_place.in_place());
}

TEST(DropoutLayer, RatioMustBeAProbability) {
  for (const char* ratio : {"-0.1", "1", "1.5"}) {
    Case layer(cat("type: 'Dropout' dropout_param { dropout_ratio: ", ratio, " }"), {{1}});
    expect_error(Code::kBadNet, "dropout_ratio", [&] { layer.setup(); });
  }
}

}  // namespace
}  // namespace test
}  // namespace caffe
