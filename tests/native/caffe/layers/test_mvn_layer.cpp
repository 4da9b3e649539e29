#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<double>;

std::string mvn(const std::string& fields) { return "type: 'MVN' mvn_param { " + fields + " }"; }

std::vector<double> result(const std::string& fields) {
  Case layer(mvn(fields), {{1, 2, 1, 2}});
  Case::set(layer.bottom(), {1, 5, 10, 4});
  layer.setup().forward();
  return Case::data(layer.top());
}

TEST(MVNLayer, Forward) {
  EXPECT_EQ(result("normalize_variance: false"), (std::vector<double>{-2, 2, 3, -3}));
  EXPECT_EQ(result("normalize_variance: false across_channels: true"),
            (std::vector<double>{-4, 0, 5, -1}));
  // eps is added to the deviation, not to the variance.
  const std::vector<double> planes = result("eps: 0.5");
  EXPECT_NEAR(planes[0], -2 / 2.5, 1e-12);
  EXPECT_NEAR(planes[2], 3 / 3.5, 1e-12);
  const std::vector<double> item = result("across_channels: true eps: 0.5");
  EXPECT_NEAR(item[2], 5 / (std::sqrt(10.5) + 0.5), 1e-12);
}

TEST(MVNLayer, TopHasFourAxes) {
  Case layer(mvn(""), {{2, 3}});
  EXPECT_EQ(layer.setup().top().shape(), (Shape{2, 3, 1, 1}));
  Case axes(mvn(""), {{1, 2, 1, 2, 2}});
  expect_error(Code::kShape, "at most 4 axes", [&] { axes.setup(); });
}

TEST(MVNLayer, Gradient) {
  for (const char* fields : {"", "normalize_variance: false", "across_channels: true",
                             "across_channels: true normalize_variance: false"}) {
    SCOPED_TRACE(fields);
    Case apart(mvn(fields), {{2, 2, 2, 3}}), in_place(mvn(fields), {{2, 2, 2, 3}});
    check_gradients(apart);
    check_gradients(in_place.in_place());
  }
}

}  // namespace
}  // namespace test
}  // namespace caffe
