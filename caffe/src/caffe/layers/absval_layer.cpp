#include <cmath>

#include "caffe/layers/elementwise_layer.hpp"

namespace caffe {

// Absolute value: y = |x|, dx = dy * sign(x) with sign(0) = 0. Not in place, as in Caffe.
template <typename T>
class AbsValLayer : public ElementwiseLayer<T> {
 public:
  using ElementwiseLayer<T>::ElementwiseLayer;
  const char* type() const override { return "AbsVal"; }
  InPlace in_place() const override { return InPlace::kRefused; }

 protected:
  using typename ElementwiseLayer<T>::Range;

  void forward_range(const T* x, T* y, Range range) const override {
#pragma omp simd
    for (int64_t i = 0; i < range.n; ++i) y[i] = std::abs(x[i]);
  }

  void backward_range(const T* x, const T*, const T* dy, T* dx, Range range) const override {
#pragma omp simd
    for (int64_t i = 0; i < range.n; ++i) {
      const T sign = x[i] > T(0) ? T(1) : x[i] < T(0) ? T(-1) : T(0);
      dx[i] = dy[i] * sign;
    }
  }

  bool backward_reads_input() const override { return true; }
};

CAFFE_REGISTER_LAYER(AbsVal, AbsValLayer);

}  // namespace caffe
