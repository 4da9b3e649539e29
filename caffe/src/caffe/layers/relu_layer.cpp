#include "caffe/layers/elementwise_layer.hpp"
#include "caffe/ops/rectify.hpp"

namespace caffe {

// Rectified linear unit: y = max(x, 0) + s * min(x, 0), s = relu_param.negative_slope (0).
// dx = dy * ([x > 0] + s * [x <= 0]). Nair and Hinton, Rectified linear units improve
// restricted Boltzmann machines, 2010.
template <typename T>
class ReLULayer : public ElementwiseLayer<T> {
 public:
  ReLULayer(const LayerParameter& param, const LayerContext& context)
      : ElementwiseLayer<T>(param, context), slope_(param.relu_param().negative_slope()) {}
  const char* type() const override { return "ReLU"; }

 protected:
  using typename ElementwiseLayer<T>::Range;

  // Written so that no product stands under a condition, for which the compiler would branch
  // at every element.
  void forward_range(const T* x, T* y, Range range) const override {
    const T slope = slope_;
    if (slope == T(0)) {
      rectify(x, range.n, y);
      return;
    }
#pragma omp simd
    for (int64_t i = 0; i < range.n; ++i) {
      const T positive = x[i] < T(0) ? T(0) : x[i], negative = x[i] < T(0) ? x[i] : T(0);
      y[i] = positive + slope * negative;
    }
  }

  void backward_range(const T* x, const T*, const T* dy, T* dx, Range range) const override {
    const T slope = slope_;
#pragma omp simd
    for (int64_t i = 0; i < range.n; ++i) {
      const T positive = x[i] > T(0) ? dy[i] : T(0), negative = x[i] > T(0) ? T(0) : dy[i];
      dx[i] = positive + slope * negative;
    }
  }

  bool backward_reads_input() const override { return true; }
  // y > 0 exactly where x > 0.
  bool output_serves_as_input() const override { return slope_ >= T(0); }

 private:
  const T slope_;
};

CAFFE_REGISTER_LAYER(ReLU, ReLULayer);

}  // namespace caffe
