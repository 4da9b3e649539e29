#include "caffe/blob.hpp"
#include "caffe/ops/inner_product_op.hpp"
#include "support/op_compare.hpp"

namespace caffe {
namespace test {
namespace {

struct Case {
  int64_t rows, outputs;
  std::vector<int64_t> inputs;
  bool bias, transposed;
};

const Case kCases[] = {
    {1, 1, {1}, true, false},         {5, 7, {11}, true, false}, {4, 10, {3, 5, 5}, false, false},
    {8, 64, {16, 4, 4}, true, false}, {3, 5, {17}, true, true},  {2, 600, {33}, true, false},
    {100, 10, {64}, true, false},
};

TEST(InnerProductOp, BackEndsAgree) {
  std::mt19937 generator(3);
  int taken = 0;
  for (const Case& c : kCases) {
    SCOPED_TRACE(cat(c.rows, " rows, ", c.outputs, " outputs, inputs ", shape_string(c.inputs)));
    InnerProductGeometry g;
    g.rows = c.rows;
    g.outputs = c.outputs;
    g.inputs = c.inputs;
    g.bias = c.bias;
    g.transposed = c.transposed;
    const auto create = [&] { return create_inner_product<float>(g, nullptr); };
    auto fast = make_onednn_op(create);
    if (!fast) continue;
    ++taken;
    auto plain = make_op({Backend::kReference}, create);
    const int64_t in = product(c.inputs), rows = c.rows, out = c.outputs;
    Storage<float> x(rows * in), w(out * in), b(out), dy(rows * out);
    for (Storage<float>* s : {&x, &w, &b, &dy}) fill_random(*s, generator);
    Storage<float> y1(rows * out), y2(rows * out), dx1(rows * in), dx2(rows * in), dw1(out * in),
        dw2(out * in), db1(out), db2(out);
    for (int pass = 0; pass < 2; ++pass) {  // gradients of weights are added
      fast->forward(x, w, c.bias ? &b : nullptr, y1);
      plain->forward(x, w, c.bias ? &b : nullptr, y2);
      expect_equal("y", y1, y2, static_cast<double>(in));
      fast->backward_data(dy, w, dx1);
      plain->backward_data(dy, w, dx2);
      expect_equal("dx", dx1, dx2, static_cast<double>(out));
      fast->backward_weights(x, dy, &dw1, c.bias ? &db1 : nullptr);
      plain->backward_weights(x, dy, &dw2, c.bias ? &db2 : nullptr);
      expect_equal("dw", dw1, dw2, 2 * static_cast<double>(rows));
      if (c.bias) expect_equal("db", db1, db2, 2 * static_cast<double>(rows));
    }
  }
  EXPECT_GE(taken, 5);
}

}  // namespace
}  // namespace test
}  // namespace caffe
