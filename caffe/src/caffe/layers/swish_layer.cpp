#include "caffe/layers/elementwise_layer.hpp"
#include "caffe/ops/functions.hpp"

namespace caffe {

// Swish: y = x * s, s = sigmoid(beta * x), beta = swish_param.beta (1).
// dx = dy * (beta * y + s * (1 - beta * y)). Ramachandran et al., Searching for activation
// functions, 2017.
template <typename T>
class SwishLayer : public ElementwiseLayer<T> {
 public:
  SwishLayer(const LayerParameter& param, const LayerContext& context)
      : ElementwiseLayer<T>(param, context), beta_(param.swish_param().beta()) {}
  const char* type() const override { return "Swish"; }

 protected:
  using typename ElementwiseLayer<T>::Range;

  void forward_range(const T* x, T* y, Range range) const override {
    for_array_blocks(range.n, [=](int64_t first, int64_t n) {
      T s[kArrayBlock];
      sigmoid_of(x + first, n, s);
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) y[first + i] = x[first + i] * s[i];
    });
  }

  void backward_range(const T* x, const T*, const T* dy, T* dx, Range range) const override {
    const T beta = beta_;
    for_array_blocks(range.n, [=](int64_t first, int64_t n) {
      T s[kArrayBlock];
      sigmoid_of(x + first, n, s);
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) {
        const T y = beta * x[first + i] * s[i];
        dx[first + i] = dy[first + i] * (y + s[i] * (T(1) - y));
      }
    });
  }

  bool backward_reads_input() const override { return true; }

 private:
  // s = sigmoid(beta * x)
  void sigmoid_of(const T* x, int64_t n, T* s) const {
    const T beta = beta_;
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) s[i] = beta * x[i];
    array_sigmoid(s, n, s);
  }

  const T beta_;
};

CAFFE_REGISTER_LAYER(Swish, SwishLayer);

}  // namespace caffe
