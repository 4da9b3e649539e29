#include <cmath>

#include "caffe/layers/elementwise_layer.hpp"
#include "caffe/ops/functions.hpp"

namespace caffe {

// Binomial normal log likelihood, also called softplus: y = log(1 + exp(x)), computed as
// max(x, 0) + log(1 + exp(-|x|)), which cannot overflow. dx = dy * sigmoid(x).
template <typename T>
class BNLLLayer : public ElementwiseLayer<T> {
 public:
  using ElementwiseLayer<T>::ElementwiseLayer;
  const char* type() const override { return "BNLL"; }

 protected:
  using typename ElementwiseLayer<T>::Range;

  void forward_range(const T* x, T* y, Range range) const override {
    for_array_blocks(range.n, [=](int64_t first, int64_t n) {
      T rest[kArrayBlock];
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) rest[i] = -std::abs(x[first + i]);
      array_exp(rest, n, rest);
      array_log1p(rest, n, rest);
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) {
        y[first + i] = (x[first + i] < T(0) ? T(0) : x[first + i]) + rest[i];
      }
    });
  }

  void backward_range(const T* x, const T*, const T* dy, T* dx, Range range) const override {
    for_array_blocks(range.n, [=](int64_t first, int64_t n) {
      T slope[kArrayBlock];
      array_sigmoid(x + first, n, slope);
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) dx[first + i] = dy[first + i] * slope[i];
    });
  }

  bool keeps_zero() const override { return false; }
  bool backward_reads_input() const override { return true; }
};

CAFFE_REGISTER_LAYER(BNLL, BNLLLayer);

}  // namespace caffe
