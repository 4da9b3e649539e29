#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<double>;

std::string embed(const std::string& fields) {
  return "type: 'Embed' embed_param { input_dim: 4 num_output: 3 "
         "weight_filler { type: 'gaussian' } bias_filler { type: 'gaussian' } " +
         fields + " }";
}

TEST(EmbedLayer, LooksRowsUp) {
  Case layer(embed(""), {{2, 1}});
  Case::set(layer.bottom(), {3, 0});
  layer.setup();
  EXPECT_EQ(layer.blob(0).shape(), (Shape{4, 3}));
  Case::set(layer.blob(0), {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  Case::set(layer.blob(1), {100, 200, 300});
  layer.forward();
  EXPECT_EQ(layer.top().shape(), (Shape{2, 1, 3}));
  EXPECT_EQ(Case::data(layer.top()), (std::vector<double>{110, 211, 312, 101, 202, 303}));
}

// A row is the product of a one-hot row and the table.
TEST(EmbedLayer, IsAnInnerProductOfOneHotRows) {
  Case layer(embed("bias_term: false"), {{3}});
  Case::set(layer.bottom(), {2, 0, 2});
  layer.setup().forward();
  Case product(
      "type: 'InnerProduct' inner_product_param { num_output: 3 bias_term: false "
      "transpose: true }",
      {{3, 4}});
  product.setup();
  Case::set(product.blob(0), Case::data(layer.blob(0)));
  Case::set(product.bottom(), {0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0});
  product.forward();
  EXPECT_EQ(Case::data(layer.top()), Case::data(product.top()));
}

TEST(EmbedLayer, Gradient) {
  for (const char* fields : {"", "bias_term: false"}) {
    Case layer(embed(fields), {{2, 3}});
    Case::set(layer.bottom(), {3, 0, 3, 1, 1, 3});
    layer.propagate()[0] = false;
    check_gradients(layer);
  }
}

// Many rows, in a wide table.
TEST(EmbedLayer, LargeOnes) {
  Case layer(
      "type: 'Embed' embed_param { input_dim: 5 num_output: 300 weight_filler { type: "
      "'gaussian' } bias_filler { type: 'gaussian' } }",
      {{400}});
  std::vector<double> x(400), dy(400 * 300), dw(5 * 300), db(300);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i * i % 5);
  for (size_t i = 0; i < dy.size(); ++i) dy[i] = static_cast<double>(i % 17) - 8;
  Case::set(layer.bottom(), x);
  layer.propagate()[0] = false;
  layer.setup().forward();
  Case::set_diff(layer.top(), dy);
  for (int i = 0; i < 2; ++i) layer.blob(i).diff().set_zero();
  layer.backward();
  const double *w = layer.blob(0).cpu_data(), *b = layer.blob(1).cpu_data();
  for (size_t i = 0; i < dy.size(); ++i) {
    const size_t column = i % 300, at = static_cast<size_t>(x[i / 300]) * 300 + column;
    ASSERT_EQ(layer.top().cpu_data()[i], w[at] + b[column]);
    dw[at] += dy[i];
    db[column] += dy[i];
  }
  EXPECT_EQ(Case::diff(layer.blob(0)), dw);
  EXPECT_EQ(Case::diff(layer.blob(1)), db);
}

TEST(EmbedLayer, Errors) {
  for (const double index : {4., -1., 1.5}) {
    Case layer(embed(""), {{1}});
    Case::set(layer.bottom(), {index});
    layer.setup();
    expect_error(Code::kNumeric, "is not an integer in 0..3", [&] { layer.forward(); });
  }
  Case wanted(embed(""), {{1}});
  Case::set(wanted.bottom(), {1});
  wanted.setup().forward();
  expect_error(Code::kUnsupported, "cannot give its indices", [&] { wanted.backward(); });
  Case outputs("type: 'Embed' embed_param { input_dim: 4 }", {{1}});
  expect_error(Code::kBadNet, "num_output must be positive", [&] { outputs.setup(); });
  Case inputs("type: 'Embed' embed_param { num_output: 4 }", {{1}});
  expect_error(Code::kBadNet, "input_dim must be positive", [&] { inputs.setup(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
