#include <algorithm>

#include "caffe/layer_registry.hpp"
#include "caffe/layers/rows.hpp"

namespace caffe {

// Reduces all axes from reduction_param.axis (0) on to one number times coeff (1):
//   SUM: sum of x, ASUM: sum of |x|, SUMSQ: sum of x^2, MEAN: mean of x.
// dx = coeff * dy * (1; sign(x); 2 * x; 1 / number of values).
template <typename T>
class ReductionLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "Reduction"; }

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
    const auto operation = this->operation();
    const std::vector<double> sums =
        row_sums(rows_, length_, [=](int64_t row, int64_t first, int64_t n) {
          return sum_of(operation, x + row * length_ + first, n);
        });
    const double factor = static_cast<double>(this->factor());
    for (int64_t row = 0; row < rows_; ++row) y[row] = static_cast<T>(sums[row] * factor);
    top[0]->data().written();
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    if (!propagate_down[0]) return;
    const T* dy = top[0]->diff().read();
    const T* x = bottom[0]->data().read();
    T* dx = bottom[0]->diff().write();
    const auto operation = this->operation();
    const T factor = this->factor();
    for_row_ranges(rows_, length_, [=](int64_t row, int64_t first, int64_t n) {
      const int64_t at = row * length_ + first;
      derive(operation, dy[row] * factor, x + at, n, dx + at);
    });
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

  static double sum_of(ReductionParameter::ReductionOp operation, const T* x, int64_t n) {
    switch (operation) {
      case ReductionParameter::ASUM: return sum_absolutes(x, n);
      case ReductionParameter::SUMSQ: return sum_squares(x, n);
      default: return sum_values(x, n);
    }
  }

  // dx = share * (derivative of what is summed)
  static void derive(ReductionParameter::ReductionOp operation, T share, const T* x, int64_t n,
                     T* dx) {
    switch (operation) {
      case ReductionParameter::ASUM:
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) {
          const T sign = (x[i] > T(0) ? T(1) : T(0)) - (x[i] < T(0) ? T(1) : T(0));
          dx[i] = share * sign;
        }
        break;
      case ReductionParameter::SUMSQ:
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) dx[i] = share * (T(2) * x[i]);
        break;
      default: std::fill_n(dx, n, share);
    }
  }

  int64_t rows_ = 0, length_ = 0;
};

CAFFE_REGISTER_LAYER(Reduction, ReductionLayer);

}  // namespace caffe
