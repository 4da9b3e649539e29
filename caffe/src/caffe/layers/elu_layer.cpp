#include "caffe/layers/elementwise_layer.hpp"
#include "caffe/ops/functions.hpp"

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

  // Written so that no arithmetic stands under a condition, for which the compiler would branch at
  // every element.
  void forward_range(const T* x, T* y, Range range) const override {
    const T alpha = alpha_;
    for_array_blocks(range.n, [=](int64_t first, int64_t n) {
      T below[kArrayBlock];
      array_expm1(x + first, n, below);
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) {
        const T value = x[first + i], e = below[i];
        const T positive = value < T(0) ? T(0) : value, negative = value > T(0) ? T(0) : e;
        y[first + i] = positive + alpha * negative;
      }
    });
  }

  void backward_range(const T* x, const T* y, const T* dy, T* dx, Range range) const override {
    const T alpha = alpha_;
#pragma omp simd
    for (int64_t i = 0; i < range.n; ++i) {
      const T value = x[i], diff = dy[i], result = y[i];
      const T positive = value > T(0) ? diff : T(0), negative = value > T(0) ? T(0) : diff;
      const T below = value > T(0) ? T(0) : result;  // not infinite
      dx[i] = positive + negative * (alpha + below);
    }
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
