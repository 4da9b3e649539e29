#include <algorithm>
#include <cmath>

#include "caffe/layers/elementwise_layer.hpp"

namespace caffe {

// Binomial normal log likelihood, also called softplus: y = log(1 + exp(x)), computed as
// max(x, 0) + log(1 + exp(-|x|)), which cannot overflow. dx = dy * e / (e + 1) with
// e = exp(min(x, 50)).
template <typename T>
class BNLLLayer : public ElementwiseLayer<T> {
 public:
  using ElementwiseLayer<T>::ElementwiseLayer;
  const char* type() const override { return "BNLL"; }

 protected:
  using typename ElementwiseLayer<T>::Range;

  void forward_range(const T* x, T* y, Range range) const override {
    for (int64_t i = 0; i < range.n; ++i) {
      y[i] = std::max(x[i], T(0)) + std::log1p(std::exp(-std::abs(x[i])));
    }
  }

  void backward_range(const T* x, const T*, const T* dy, T* dx, Range range) const override {
    for (int64_t i = 0; i < range.n; ++i) {
      const T e = std::exp(std::min(x[i], T(50)));
      dx[i] = dy[i] * e / (e + T(1));
    }
  }

  bool keeps_zero() const override { return false; }
  bool backward_reads_input() const override { return true; }
};

CAFFE_REGISTER_LAYER(BNLL, BNLLLayer);

}  // namespace caffe
