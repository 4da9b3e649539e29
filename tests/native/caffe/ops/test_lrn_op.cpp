#include "caffe/ops/lrn_op.hpp"
#include "support/op_compare.hpp"

namespace caffe {
namespace test {
namespace {

LrnGeometry geometry(double beta) {
  LrnGeometry g;
  g.batch = 2;
  g.channels = 20;
  g.height = g.width = 6;
  g.alpha = 0.5;
  g.beta = beta;
  return g;
}

// As nets ask for it: what one back end declines comes from the next.
TEST(LrnOp, IsThatOfTheReferenceWhoeverMakesIt) {
  std::mt19937 generator(9);
  for (const double beta : {0.75, 0.5, 1000.0}) {
    const LrnGeometry g = geometry(beta);
    const auto create = [&] { return create_lrn<float>(g, nullptr); };
    const auto fast = create(), plain = make_op({Backend::kReference}, create);
    const int64_t count = g.batch * g.channels * g.height * g.width;
    Storage<float> x(count), dy(count), y1(count), y2(count), dx1(count), dx2(count);
    fill_random(x, generator);
    fill_random(dy, generator);
    fast->forward(x, y1);
    plain->forward(x, y2);
    expect_equal("y", y1, y2, 1);
    fast->backward(x, y1, dy, dx1);
    plain->backward(x, y2, dy, dx2);
    expect_equal("dx", dx1, dx2, 4);
  }
}

TEST(LrnOp, OurVectorCodeTakesTheUsualOnes) {
  const auto create = [] { return create_lrn<float>(geometry(0.75), nullptr); };
  EXPECT_NE(make_op({Backend::kSimd}, create), nullptr);
}

}  // namespace
}  // namespace test
}  // namespace caffe
