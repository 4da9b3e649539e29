#include <algorithm>
#include <cmath>

#include "caffe/layers/elementwise_layer.hpp"
#include "caffe/ops/functions.hpp"

namespace caffe {

// y = (shift + scale * x)^power, dx = dy * power * scale * (shift + scale * x)^(power - 1),
// power_param's defaults being power 1, scale 1, shift 0. With power 0 or scale 0, y is
// constant (1 or shift^power) and dx = 0.
template <typename T>
class PowerLayer : public ElementwiseLayer<T> {
 public:
  PowerLayer(const LayerParameter& param, const LayerContext& context)
      : ElementwiseLayer<T>(param, context),
        power_(param.power_param().power()),
        scale_(param.power_param().scale()),
        shift_(param.power_param().shift()) {}
  const char* type() const override { return "Power"; }

 protected:
  using typename ElementwiseLayer<T>::Range;

  void forward_range(const T* x, T* y, Range range) const override {
    if (constant()) {
      std::fill_n(y, range.n, power_ == T(0) ? T(1) : std::pow(shift_, power_));
    } else if (power_ == T(1)) {
#pragma omp simd
      for (int64_t i = 0; i < range.n; ++i) y[i] = shift_ + scale_ * x[i];
    } else {
      const T power = power_, scale = scale_, shift = shift_;
      for_array_blocks(range.n, [=](int64_t first, int64_t n) {
#pragma omp simd
        for (int64_t i = first; i < first + n; ++i) y[i] = shift + scale * x[i];
        array_pow(y + first, power, n, y + first);
      });
    }
  }

  void backward_range(const T* x, const T*, const T* dy, T* dx, Range range) const override {
    const T factor = power_ * scale_;
    if (constant()) {
      std::fill_n(dx, range.n, T(0));
    } else if (power_ == T(1)) {
#pragma omp simd
      for (int64_t i = 0; i < range.n; ++i) dx[i] = dy[i] * factor;
    } else {
      const T power = power_ - T(1), scale = scale_, shift = shift_;
      for_array_blocks(range.n, [=](int64_t first, int64_t n) {
        T slope[kArrayBlock];
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) slope[i] = shift + scale * x[first + i];
        array_pow(slope, power, n, slope);
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) dx[first + i] = dy[first + i] * factor * slope[i];
      });
    }
  }

  bool keeps_zero() const override { return shift_ == T(0) && power_ > T(0); }
  bool backward_reads_input() const override { return !constant() && power_ != T(1); }

 private:
  bool constant() const { return power_ * scale_ == T(0); }

  const T power_, scale_, shift_;
};

CAFFE_REGISTER_LAYER(Power, PowerLayer);

}  // namespace caffe
