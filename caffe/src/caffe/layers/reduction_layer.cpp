#include <cmath>

#include "caffe/layer_registry.hpp"

namespace caffe {

// Reduces all axes from reduction_param.axis (0) on to one number times coeff (1):
//   SUM: sum of x, ASUM: sum of |x|, SUMSQ: sum of x^2, MEAN: mean of x.
// dx = coeff * dy * (1; sign(x); 2 * x; 1 / number of values).
template <typename T>
class ReductionLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "Reduction"; }
  InPlace in_place() const override { return InPlace::kFromCopy; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const int axis = bottom[0]->canonical_axis(this->param_.reduction_param().axis());
    const Shape& in = bottom[0]->shape();
    rows_ = bottom[0]->count(0, axis);
    length_ = bottom[0]->count(axis);
    top[0]->reshape(Shape(in.begin(), in.begin() + axis));
  }

 protected:
  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const T* x = bottom[0]->data().read();
    T* y = top[0]->data().write();
    for (int64_t row = 0; row < rows_; ++row, x += length_) {
      T sum = 0;
      switch (operation()) {
        case ReductionParameter::ASUM:
          for (int64_t i = 0; i < length_; ++i) sum += std::abs(x[i]);
          break;
        case ReductionParameter::SUMSQ:
          for (int64_t i = 0; i < length_; ++i) sum += x[i] * x[i];
          break;
        default:
          for (int64_t i = 0; i < length_; ++i) sum += x[i];
      }
      y[row] = sum * factor();
    }
    top[0]->data().written();
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    if (!propagate_down[0]) return;
    const T* dy = top[0]->diff().read();
    const T* x = bottom[0]->data().read();
    T* dx = bottom[0]->diff().write();
    for (int64_t row = 0; row < rows_; ++row, x += length_, dx += length_) {
      const T share = dy[row] * factor();
      for (int64_t i = 0; i < length_; ++i) dx[i] = share * derivative(x[i]);
    }
    bottom[0]->diff().written();
  }

 private:
  ReductionParameter::ReductionOp operation() const {
    return this->param_.reduction_param().operation();
  }
  T factor() const {
    const T coeff = this->param_.reduction_param().coeff();
    return operation() == ReductionParameter::MEAN ? coeff / static_cast<T>(length_) : coeff;
  }
  T derivative(T x) const {
    if (operation() == ReductionParameter::ASUM) return x > T(0) ? T(1) : x < T(0) ? T(-1) : T(0);
    return operation() == ReductionParameter::SUMSQ ? T(2) * x : T(1);
  }

  int64_t rows_ = 0, length_ = 0;
};

CAFFE_REGISTER_LAYER(Reduction, ReductionLayer);

}  // namespace caffe
