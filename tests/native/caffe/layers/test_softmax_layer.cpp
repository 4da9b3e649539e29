#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

TEST(SoftmaxLayer, SumsToOneAlongTheAxis) {
  for (const int axis : {0, 1, 2, -1}) {
    LayerCase<double> layer(cat("type: 'Softmax' softmax_param { axis: ", axis, " }"), {{2, 3, 4}});
    layer.setup().forward();
    const int a = layer.bottom().canonical_axis(axis);
    const int64_t classes = layer.bottom().dim(a), inner = layer.bottom().count(a + 1);
    const double *x = layer.bottom().cpu_data(), *y = layer.top().cpu_data();
    for (int64_t i = 0; i < layer.top().count(); ++i) {
      const int64_t first = i / (classes * inner) * classes * inner + i % inner;
      double sum = 0;
      for (int64_t c = 0; c < classes; ++c) sum += std::exp(x[first + c * inner]);
      EXPECT_NEAR(y[i], std::exp(x[i]) / sum, 1e-12) << axis << " " << i;
    }
  }
}

TEST(SoftmaxLayer, LargeScoresDoNotOverflow) {
  LayerCase<float> layer("type: 'Softmax'", {{1, 3}});
  LayerCase<float>::set(layer.bottom(), {1000, 1000, -1000});
  layer.setup().forward();
  EXPECT_EQ(LayerCase<float>::data(layer.top()), (std::vector<float>{0.5, 0.5, 0}));
}

TEST(SoftmaxLayer, ManyPositions) {
  // More neighbours than are done together, and enough work for several threads.
  LayerCase<float> layer("type: 'Softmax'", {{2, 20, 30, 31}});
  layer.setup().forward();
  for (int n = 0; n < 2; ++n) {
    for (int i = 0; i < 930; ++i) {
      float sum = 0;
      for (int c = 0; c < 20; ++c) sum += layer.top().cpu_data()[(n * 20 + c) * 930 + i];
      ASSERT_NEAR(sum, 1, 1e-5);
    }
  }
}

TEST(SoftmaxLayer, Gradient) {
  check_gradients("type: 'Softmax'", {{2, 3}});
  check_gradients("type: 'Softmax' softmax_param { axis: 1 }", {{2, 3, 2, 2}});
  LayerCase<double> in_place("type: 'Softmax'", {{2, 3}});
  check_gradients(in_place.in_place());
}

TEST(SoftmaxLayer, NoClassesAreNoValues) {
  for (const Shape& shape : {Shape{2, 0}, Shape{2, 0, 3}, Shape{0, 0}}) {
    LayerCase<float> layer("type: 'Softmax'", {shape});
    layer.setup().forward();
    layer.backward();
    EXPECT_EQ(layer.top().shape(), shape);
  }
}

}  // namespace
}  // namespace test
}  // namespace caffe
