#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<double>;

std::string power(const std::string& fields) {
  return "type: 'Power' power_param { " + fields + " }";
}

std::vector<double> result(const std::string& fields) {
  Case layer(power(fields), {{3}});
  Case::set(layer.bottom(), {-1, 0, 2});
  layer.setup().forward();
  return Case::data(layer.top());
}

TEST(PowerLayer, Forward) {
  EXPECT_EQ(result(""), (std::vector<double>{-1, 0, 2}));
  EXPECT_EQ(result("scale: 2 shift: 1"), (std::vector<double>{-1, 1, 5}));
  EXPECT_EQ(result("power: 2 shift: 1"), (std::vector<double>{0, 1, 9}));
  EXPECT_EQ(result("power: 3 scale: 2"), (std::vector<double>{-8, 0, 64}));
  EXPECT_EQ(result("power: 0 shift: 5"), (std::vector<double>{1, 1, 1}));
  EXPECT_EQ(result("power: 2 scale: 0 shift: 3"), (std::vector<double>{9, 9, 9}));
}

TEST(PowerLayer, Gradient) {
  for (const char* fields : {"", "scale: -2 shift: 1", "power: 2", "power: 3 scale: 0.5 shift: -1",
                             "power: 0.5 shift: 3", "power: -1 shift: 3", "power: 0 shift: 2",
                             "power: 2 scale: 0 shift: 3"}) {
    SCOPED_TRACE(fields);
    Case apart(power(fields), {{2, 5}}), in_place(power(fields), {{2, 5}});
    check_gradients(apart);
    check_gradients(in_place.in_place());
  }
}

TEST(PowerLayer, GradientAtZeroIsFinite) {
  Case layer(power("power: 2"), {{1}});
  Case::set(layer.bottom(), {0});
  layer.setup().forward();
  Case::set_diff(layer.top(), {1});
  layer.backward();
  EXPECT_EQ(layer.bottom().cpu_diff()[0], 0);
}

}  // namespace
}  // namespace test
}  // namespace caffe
