#include <limits>
#include <string>

#include "caffe/layer_registry.hpp"
#include "caffe/ops/pooling_op.hpp"
#include "support/layer_case.hpp"
#include "support/op_compare.hpp"

namespace caffe {
namespace test {
namespace {

struct Window {
  int kernel, stride, pad;
};

// One layer on the given back ends: its top, and its bottom's diff for a diff of 1, 2, ...
struct Result {
  Shape shape;
  std::vector<float> y, dx;
};

Result run(const std::string& text, const Shape& bottom, std::vector<Backend> order) {
  const BackendScope scope(std::move(order));
  LayerCase<float> layer(text, {bottom});
  layer.setup().forward();
  std::vector<float> dy(layer.top().count());
  for (size_t i = 0; i < dy.size(); ++i) dy[i] = static_cast<float>(i % 17) - 8;
  LayerCase<float>::set_diff(layer.top(), dy);
  layer.backward();
  return {layer.top().shape(), LayerCase<float>::data(layer.top()),
          LayerCase<float>::diff(layer.bottom())};
}

void expect_near(const char* what, const std::vector<float>& a, const std::vector<float>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 2e-5) << what << " element " << i;
}

// Windows that reach beyond the image on one side, on both, and not at all; also those that
// rounding up puts wholly outside.
TEST(PoolingOp, BackEndsAgree) {
  for (const char* method : {"MAX", "AVE"}) {
    for (const char* round : {"CEIL", "FLOOR"}) {
      for (const Window& w : {Window{2, 2, 0}, Window{3, 2, 0}, Window{3, 2, 1}, Window{3, 3, 2},
                              Window{2, 3, 1}, Window{1, 2, 0}, Window{4, 1, 2}, Window{2, 4, 0}}) {
        for (const int64_t extent : {4, 5, 6, 7, 9}) {
          for (const int64_t channels : {1, 3, 16}) {
            const std::string text =
                cat("type: 'Pooling' pooling_param { pool: ", method, " round_mode: ", round,
                    " kernel_size: ", w.kernel, " stride: ", w.stride, " pad: ", w.pad, " }");
            SCOPED_TRACE(cat(text, " extent ", extent, " channels ", channels));
            const Shape bottom = {2, channels, extent, extent + 1};
            const Result fast = run(text, bottom, {Backend::kOneDnn, Backend::kReference});
            const Result plain = run(text, bottom, {Backend::kReference});
            ASSERT_EQ(fast.shape, plain.shape);
            expect_near("y", fast.y, plain.y);
            expect_near("dx", fast.dx, plain.dx);
          }
        }
      }
    }
  }
}

TEST(PoolingOp, OneDnnTakesTheUsualWindows) {
  PoolingGeometry g;
  g.channels = 32;
  for (int i = 0; i < 2; ++i) {
    g.in[i] = 32;
    g.kernel[i] = 3;
    g.stride[i] = 2;
    g.out[i] = 16;
  }
  for (auto method : {PoolingGeometry::Method::kMax, PoolingGeometry::Method::kAverage}) {
    g.method = method;
    EXPECT_NE(make_onednn_op([&] { return create_pooling<float>(g, nullptr); }), nullptr);
  }
}

TEST(PoolingOp, WindowOutsideTheImage) {
  // ceil((4 - 2) / 4) + 1 = 2 outputs; window 1 starts at 4, behind the image.
  for (const char* method : {"MAX", "AVE"}) {
    const std::string text = cat("type: 'Pooling' pooling_param { pool: ", method,
                                 " kernel_h: 1 kernel_w: 2 stride_h: 1 stride_w: 4 }");
    const Result r = run(text, {1, 1, 1, 4}, {Backend::kReference});
    ASSERT_EQ(r.shape, (Shape{1, 1, 1, 2}));
    EXPECT_EQ(r.y[1], method[0] == 'M' ? -std::numeric_limits<float>::max() : 0);
    EXPECT_EQ(r.dx[2], 0);
    EXPECT_EQ(r.dx[3], 0);
  }
}

}  // namespace
}  // namespace test
}  // namespace caffe
