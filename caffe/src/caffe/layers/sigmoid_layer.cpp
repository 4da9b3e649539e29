#include "caffe/layers/elementwise_layer.hpp"
#include "caffe/ops/functions.hpp"

namespace caffe {

// Logistic function: y = 1 / (1 + exp(-x)), dx = dy * y * (1 - y).
template <typename T>
class SigmoidLayer : public ElementwiseLayer<T> {
 public:
  using ElementwiseLayer<T>::ElementwiseLayer;
  const char* type() const override { return "Sigmoid"; }

 protected:
  using typename ElementwiseLayer<T>::Range;

  void forward_range(const T* x, T* y, Range range) const override { array_sigmoid(x, range.n, y); }

  void backward_range(const T*, const T* y, const T* dy, T* dx, Range range) const override {
#pragma omp simd
    for (int64_t i = 0; i < range.n; ++i) dx[i] = dy[i] * y[i] * (T(1) - y[i]);
  }

  bool keeps_zero() const override { return false; }
  bool backward_reads_output() const override { return true; }
};

CAFFE_REGISTER_LAYER(Sigmoid, SigmoidLayer);

}  // namespace caffe
