#include <cmath>

#include "caffe/layers/elementwise_layer.hpp"

namespace caffe {

// Exponential linear unit: y = max(x, 0) + a * (exp(min(x, 0)) - 1), a = elu_param.alpha (1).
// dx = dy * ([x > 0] + (a + y) * [x <= 0]). Clevert et al., Fast and accurate deep network
// learning by exponential linear units, 2015.
template <typename T>
class ELULayer : public ElementwiseLayer<T> {
 public:
  ELULayer(const LayerParameter& param, const LayerContext& context)
      : ElementwiseLayer<T>(param, context), alpha_(param.elu_param().alpha()) {}
  const char* type() const override { return "ELU"; }

 protected:
  using typename ElementwiseLayer<T>::Range;

  void forward_range(const T* x, T* y, Range range) const override {
    for (int64_t i = 0; i < range.n; ++i) {
      y[i] = x[i] > T(0) ? x[i] : alpha_ * std::expm1(x[i]);
    }
  }

  void backward_range(const T* x, const T* y, const T* dy, T* dx, Range range) const override {
#pragma omp simd
    for (int64_t i = 0; i < range.n; ++i) dx[i] = x[i] > T(0) ? dy[i] : dy[i] * (alpha_ + y[i]);
  }

  bool backward_reads_input() const override { return true; }
  bool backward_reads_output() const override { return true; }
  // y > 0 exactly where x > 0.
  bool output_serves_as_input() const override { return alpha_ >= T(0); }

 private:
  const T alpha_;
};

CAFFE_REGISTER_LAYER(ELU, ELULayer);

}  // namespace caffe
