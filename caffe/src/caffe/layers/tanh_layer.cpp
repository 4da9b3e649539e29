#include "caffe/layers/elementwise_layer.hpp"
#include "caffe/ops/functions.hpp"

namespace caffe {

// Hyperbolic tangent: y = tanh(x), dx = dy * (1 - y^2).
template <typename T>
class TanHLayer : public ElementwiseLayer<T> {
 public:
  using ElementwiseLayer<T>::ElementwiseLayer;
  const char* type() const override { return "TanH"; }

 protected:
  using typename ElementwiseLayer<T>::Range;

  void forward_range(const T* x, T* y, Range range) const override { array_tanh(x, range.n, y); }

  void backward_range(const T*, const T* y, const T* dy, T* dx, Range range) const override {
#pragma omp simd
    for (int64_t i = 0; i < range.n; ++i) dx[i] = dy[i] * (T(1) - y[i] * y[i]);
  }

  bool backward_reads_output() const override { return true; }
};

CAFFE_REGISTER_LAYER(TanH, TanHLayer);

}  // namespace caffe
