#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

std::string inner_product(const std::string& fields) {
  return "type: 'InnerProduct' inner_product_param { weight_filler { type: 'gaussian' } "
         "bias_filler { type: 'gaussian' } " +
         fields + " }";
}

TEST(InnerProductLayer, Shapes) {
  LayerCase<float> plain(inner_product("num_output: 4"), {{2, 3, 5}});
  plain.setup();
  EXPECT_EQ(plain.top().shape(), (Shape{2, 4}));
  EXPECT_EQ(plain.blob(0).shape(), (Shape{4, 15}));
  EXPECT_EQ(plain.blob(1).shape(), (Shape{4}));
  LayerCase<float> other(inner_product("num_output: 4 axis: -1 transpose: true bias_term: false"),
                         {{2, 3, 5}});
  other.setup();
  EXPECT_EQ(other.top().shape(), (Shape{2, 3, 4}));
  EXPECT_EQ(other.blob(0).shape(), (Shape{5, 4}));
  EXPECT_EQ(other.layer().blobs().size(), 1u);
}

TEST(InnerProductLayer, Forward) {
  for (const bool transpose : {false, true}) {
    LayerCase<double> layer(
        inner_product(cat("num_output: 2 transpose: ", transpose ? "true" : "false")), {{1, 2}});
    layer.setup();
    LayerCase<double>::set(layer.bottom(), {3, 4});
    LayerCase<double>::set(layer.blob(0), {1, 10, 100, 1000});
    LayerCase<double>::set(layer.blob(1), {0.5, 0.25});
    layer.forward();
    EXPECT_EQ(LayerCase<double>::data(layer.top()), transpose
                                                        ? (std::vector<double>{403.5, 4030.25})
                                                        : (std::vector<double>{43.5, 4300.25}));
  }
}

TEST(InnerProductLayer, Gradient) {
  for (const char* fields : {"num_output: 3", "num_output: 3 transpose: true",
                             "num_output: 2 axis: 2 bias_term: false"}) {
    SCOPED_TRACE(fields);
    check_gradients(inner_product(fields), {{2, 3, 4}});
  }
}

TEST(InnerProductLayer, Errors) {
  LayerCase<float> none(inner_product(""), {{2, 3}});
  expect_error(Code::kBadNet, "num_output must be positive", [&] { none.setup(); });
  LayerCase<float> empty(inner_product("num_output: 1"), {{2, 0}});
  expect_error(Code::kShape, "has no inputs", [&] { empty.setup(); });
  LayerCase<float> changed(inner_product("num_output: 1"), {{2, 3}});
  changed.setup();
  changed.bottom().reshape({2, 4});
  expect_error(Code::kShape, "was set up for 3 inputs per row", [&] { changed.forward(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
