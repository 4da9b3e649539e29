#include "caffe/ops/lrn_op.hpp"
#include "support/op_compare.hpp"

namespace caffe {
namespace test {
namespace {

TEST(LrnOp, BackEndsAgree) {
  std::mt19937 generator(9);
  int taken = 0;
  for (const bool within : {false, true}) {
    for (const int64_t size : {1, 3, 5}) {
      for (const int64_t channels : {1, 3, 16, 20}) {
        LrnGeometry g;
        g.batch = 2;
        g.channels = channels;
        g.height = 6;
        g.width = 7;
        g.size = size;
        g.alpha = 0.5;
        g.k = within ? 1 : 2;
        g.within_channel = within;
        SCOPED_TRACE(cat(within ? "within" : "across", " size ", size, " channels ", channels));
        const auto create = [&] { return create_lrn<float>(g, nullptr); };
        auto fast = make_onednn_op(create);
        if (!fast) continue;
        ++taken;
        auto plain = make_op({Backend::kReference}, create);
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
  }
  EXPECT_GE(taken, 8);
}

}  // namespace
}  // namespace test
}  // namespace caffe
