#include <cmath>

#include "caffe/layers/elementwise_layer.hpp"
#include "caffe/ops/functions.hpp"

namespace caffe {

// y = base^(shift + scale * x), dx = dy * y * scale * ln(base), by exp_param: base -1 (the
// default) stands for e, scale is 1 and shift 0 unless given.
template <typename T>
class ExpLayer : public ElementwiseLayer<T> {
 public:
  using ElementwiseLayer<T>::ElementwiseLayer;
  const char* type() const override { return "Exp"; }

 protected:
  using typename ElementwiseLayer<T>::Range;

  void layer_setup(const BlobVec<T>&, const BlobVec<T>&) override {
    const ExpParameter& p = this->param_.exp_param();
    this->check(p.base() == -1 || p.base() > 0, Code::kBadNet,
                "base must be positive, or -1 for e; is ", p.base());
    const T log_base = p.base() == -1 ? T(1) : std::log(static_cast<T>(p.base()));
    rate_ = log_base * static_cast<T>(p.scale());
    offset_ = log_base * static_cast<T>(p.shift());
  }

  void forward_range(const T* x, T* y, Range range) const override {
    const T rate = rate_, offset = offset_;
    for_array_blocks(range.n, [=](int64_t first, int64_t n) {
#pragma omp simd
      for (int64_t i = first; i < first + n; ++i) y[i] = offset + rate * x[i];
      array_exp(y + first, n, y + first);
    });
  }

  void backward_range(const T*, const T* y, const T* dy, T* dx, Range range) const override {
#pragma omp simd
    for (int64_t i = 0; i < range.n; ++i) dx[i] = dy[i] * y[i] * rate_;
  }

  bool keeps_zero() const override { return false; }
  bool backward_reads_output() const override { return true; }

 private:
  T rate_ = 1, offset_ = 0;  // y = exp(offset + rate * x)
};

CAFFE_REGISTER_LAYER(Exp, ExpLayer);

}  // namespace caffe
