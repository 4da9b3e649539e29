#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

std::string text(const std::string& fields) { return "type: 'Exp' exp_param { " + fields + " }"; }

TEST(ExpLayer, Forward) {
  const auto result = [](const std::string& fields, double x) {
    LayerCase<double> layer(text(fields), {{1}});
    LayerCase<double>::set(layer.bottom(), {x});
    layer.setup().forward();
    return layer.top().cpu_data()[0];
  };
  EXPECT_NEAR(result("", 1), std::exp(1.), 1e-14);
  EXPECT_NEAR(result("base: 2", 3), 8, 1e-12);
  EXPECT_NEAR(result("base: 2 scale: 3 shift: -1", 2), 32, 1e-12);
  EXPECT_NEAR(result("scale: 0.5 shift: 1", 4), std::exp(3.), 1e-12);
}

TEST(ExpLayer, Gradient) {
  for (const char* fields : {"", "base: 2 scale: 0.5 shift: -1", "scale: -3", "base: 0.5"}) {
    SCOPED_TRACE(fields);
    LayerCase<double> apart(text(fields), {{2, 5}}), in_place(text(fields), {{2, 5}});
    check_gradients(apart);
    check_gradients(in_place.in_place());
  }
}

TEST(ExpLayer, Errors) {
  for (const char* base : {"0", "-2"}) {
    LayerCase<float> layer(text(cat("base: ", base)), {{1}});
    expect_error(Code::kBadNet, "base must be positive", [&] { layer.setup(); });
  }
}

}  // namespace
}  // namespace test
}  // namespace caffe
