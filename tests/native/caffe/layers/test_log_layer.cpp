#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

std::string text(const std::string& fields) { return "type: 'Log' log_param { " + fields + " }"; }

TEST(LogLayer, Forward) {
  const auto result = [](const std::string& fields, double x) {
    LayerCase<double> layer(text(fields), {{1}});
    LayerCase<double>::set(layer.bottom(), {x});
    layer.setup().forward();
    return layer.top().cpu_data()[0];
  };
  EXPECT_NEAR(result("", 5), std::log(5.), 1e-15);
  EXPECT_NEAR(result("base: 2", 8), 3, 1e-14);
  EXPECT_NEAR(result("base: 10 scale: 30 shift: 10", 3), 2, 1e-14);
}

TEST(LogLayer, Gradient) {
  for (const char* fields : {"shift: 2", "base: 2 scale: 0.5 shift: 1", "base: 0.5 shift: 1.5"}) {
    SCOPED_TRACE(fields);
    LayerCase<double> apart(text(fields), {{2, 5}}), in_place(text(fields), {{2, 5}});
    check_gradients(apart);
    check_gradients(in_place.in_place());
  }
}

TEST(LogLayer, Errors) {
  for (const char* base : {"0", "-2", "1"}) {
    LayerCase<float> layer(text(cat("base: ", base)), {{1}});
    expect_error(Code::kBadNet, "base must be positive and not 1", [&] { layer.setup(); });
  }
}

}  // namespace
}  // namespace test
}  // namespace caffe
