#include "caffe/ops/lrn_op.hpp"
#include "support/op_compare.hpp"

namespace caffe {
namespace test {
namespace {

// False if oneDNN declines the geometry.
bool compare(const LrnGeometry& g, std::mt19937& generator) {
  const auto create = [&] { return create_lrn<float>(g, nullptr); };
  auto fast = make_onednn_op(create);
  if (!fast) return false;
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
  return true;
}

// Sizes, channels and images for which one of oneDNN's kernels is known to fail; all of them
// must come out right, whichever back end takes them.
TEST(LrnOp, BackEndsAgree) {
  std::mt19937 generator(9);
  int taken = 0;
  for (const bool within : {false, true}) {
    for (const int64_t size : {1, 3, 5, 9}) {
      for (const int64_t channels : {1, 3, 16, 20}) {
        for (const int64_t extent : {1, 6}) {
          LrnGeometry g;
          g.batch = 2;
          g.channels = channels;
          g.height = g.width = extent;
          g.size = size;
          g.alpha = 0.5;
          g.k = within ? 1 : 2;
          g.within_channel = within;
          SCOPED_TRACE(cat(within ? "within" : "across", " size ", size, " channels ", channels,
                           " extent ", extent));
          taken += compare(g, generator) ? 1 : 0;
        }
      }
    }
  }
  EXPECT_GE(taken, 16);
}

}  // namespace
}  // namespace test
}  // namespace caffe
