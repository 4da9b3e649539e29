#include <cmath>

#include "caffe/layers/elementwise_layer.hpp"
#include "caffe/ops/functions.hpp"

namespace caffe {

// Logarithm: y = log(shift + scale * x) to log_param.base, dx = dy * scale / ((shift + scale * x)
// * ln(base)). base -1 (the default) stands for e, scale is 1 and shift 0 unless given.
template <typename T>
class LogLayer : public ElementwiseLayer<T> {
 public:
  using ElementwiseLayer<T>::ElementwiseLayer;
  const char* type() const override { return "Log"; }

 protected:
  using typename ElementwiseLayer<T>::Range;

  void layer_setup(const BlobVec<T>&, const BlobVec<T>&) override {
    const LogParameter& p = this->param_.log_param();
    this->check(p.base() == -1 || (p.base() > 0 && p.base() != 1), Code::kBadNet,
                "base must be positive and not 1, or -1 for e; is ", p.base());
    factor_ = p.base() == -1 ? T(1) : T(1) / std::log(static_cast<T>(p.base()));
    scale_ = p.scale();
    shift_ = p.shift();
  }

  void forward_range(const T* x, T* y, Range range) const override {
    const T scale = scale_, shift = shift_, factor = factor_;
    for_array_blocks(range.n, [=](int64_t first, int64_t n) {
#pragma omp simd
      for (int64_t i = first; i < first + n; ++i) y[i] = shift + scale * x[i];
      array_log(y + first, n, y + first);
#pragma omp simd
      for (int64_t i = first; i < first + n; ++i) y[i] *= factor;
    });
  }

  void backward_range(const T* x, const T*, const T* dy, T* dx, Range range) const override {
    const T rate = scale_ * factor_;
#pragma omp simd
    for (int64_t i = 0; i < range.n; ++i) dx[i] = dy[i] * rate / (shift_ + scale_ * x[i]);
  }

  bool keeps_zero() const override { return false; }
  bool backward_reads_input() const override { return true; }

 private:
  T factor_ = 1, scale_ = 1, shift_ = 0;  // factor is 1 / ln(base)
};

CAFFE_REGISTER_LAYER(Log, LogLayer);

}  // namespace caffe
