#include <algorithm>
#include <vector>

#include "caffe/layer_registry.hpp"
#include "caffe/layers/ranges.hpp"

namespace caffe {

// Combines bottoms of one shape element by element, by eltwise_param.operation:
//   SUM:  y = sum of coeff_i * x_i (coeff 1 if none is given), dx_i = coeff_i * dy;
//   PROD: y = product of x_i, dx_i = dy * product of the others (dy * y / x_i if
//         stable_prod_grad is false);
//   MAX:  the greatest; dy goes to it. Of equal ones bottom 1 beats bottom 0, and later
//         bottoms must be strictly greater.
// In place, PROD and MAX keep bottom 0's values for backward.
template <typename T>
class EltwiseLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "Eltwise"; }
  bool backward_reads_tops() const override {
    return this->param_.eltwise_param().operation() == EltwiseParameter::PROD;
  }
  CountRange bottom_count() const override { return {2, -1}; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    for (size_t i = 1; i < bottom.size(); ++i) {
      this->check(bottom[i]->shape() == bottom[0]->shape(), Code::kShape,
                  "all bottoms must have one shape, but bottom 0 has ",
                  shape_string(bottom[0]->shape()), " and bottom ", i, " has ",
                  shape_string(bottom[i]->shape()));
    }
    if (top[0] != bottom[0]) top[0]->reshape(bottom[0]->shape());
  }

  // The first format that is not plain. Padding would be divided by zero in y / x_i.
  void plan(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const bool divides =
        operation_ == EltwiseParameter::PROD && !this->param_.eltwise_param().stable_prod_grad();
    format_ = nullptr;
    for (const Blob<T>* blob : bottom) {
      if (!format_ && !divides) format_ = blob->format();
    }
    top[0]->set_format(format_);
  }

 protected:
  void layer_setup(const BlobVec<T>& bottom, const BlobVec<T>&) override {
    const EltwiseParameter& p = this->param_.eltwise_param();
    operation_ = p.operation();
    const bool sum = operation_ == EltwiseParameter::SUM;
    this->check(p.coeff_size() == 0 || p.coeff_size() == static_cast<int>(bottom.size()),
                Code::kBadNet, "coeff must be given once per bottom: ", bottom.size(), " bottoms, ",
                p.coeff_size(), " coefficients");
    this->check(p.coeff_size() == 0 || operation_ != EltwiseParameter::PROD, Code::kBadNet,
                "coeff has no meaning for PROD");
    coefficients_.assign(bottom.size(), T(1));
    for (int i = 0; sum && i < p.coeff_size(); ++i) coefficients_[i] = p.coeff(i);
  }

  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const std::vector<const T*> x = inputs(bottom);
    const int64_t count = stored_count(format_, bottom[0]->count());
    if (bottom[0] == top[0] && operation_ != EltwiseParameter::SUM) {
      kept_input_.assign(x[0], x[0] + count);
    }
    Storage<T>& out = top[0]->data();
    T* y = bottom[0] == top[0] ? out.read_write(format_) : out.write(format_);
    for_ranges(count, [&](int64_t first, int64_t n) {
      combine(coefficients_[0], x[0] + first, coefficients_[1], x[1] + first, y + first, n);
      for (size_t k = 2; k < x.size(); ++k) {
        combine(T(1), y + first, coefficients_[k], x[k] + first, y + first, n);
      }
    });
    out.written(format_);
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    const bool sum = operation_ == EltwiseParameter::SUM;
    const bool product = operation_ == EltwiseParameter::PROD;
    const T* dy = top[0]->diff().read(format_);
    const T* y = product ? top[0]->data().read(format_) : nullptr;
    std::vector<const T*> x = sum ? std::vector<const T*>() : inputs(bottom);
    if (!sum && bottom[0] == top[0]) x[0] = kept_input_.data();
    std::vector<T*> dx(bottom.size(), nullptr);
    for (size_t k = 0; k < bottom.size(); ++k) {
      Storage<T>& diff = bottom[k]->diff();
      if (!propagate_down[k]) continue;
      dx[k] = bottom[k] == top[0] ? diff.read_write(format_) : diff.write(format_);
    }
    for_ranges(stored_count(format_, bottom[0]->count()), [&](int64_t first, int64_t n) {
      // Bottom 0 comes last: in place, its dx overwrites dy.
      for (size_t k = bottom.size(); k-- > 0;) {
        if (dx[k] == nullptr) continue;
        if (sum) {
          scaled(coefficients_[k], dy + first, dx[k] + first, n);
        } else if (product) {
          product_gradient(k, y, x, dy, dx[k], first, n);
        } else {
          for (int64_t i = first; i < first + n; ++i) dx[k][i] = winner(x, i) == k ? dy[i] : T(0);
        }
      }
    });
    for (size_t k = 0; k < bottom.size(); ++k) {
      if (dx[k] != nullptr) bottom[k]->diff().written(format_);
    }
  }

 private:
  std::vector<const T*> inputs(const BlobVec<T>& bottom) const {
    std::vector<const T*> x;
    for (Blob<T>* blob : bottom) x.push_back(blob->data().read(format_));
    return x;
  }

  // y = a and b combined; the factors are SUM's.
  void combine(T factor_a, const T* a, T factor_b, const T* b, T* y, int64_t n) const {
    if (operation_ == EltwiseParameter::SUM) {
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) y[i] = factor_a * a[i] + factor_b * b[i];
    } else if (operation_ == EltwiseParameter::PROD) {
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) y[i] = a[i] * b[i];
    } else {
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) y[i] = std::max(a[i], b[i]);
    }
  }

  static void scaled(T factor, const T* dy, T* dx, int64_t n) {
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) dx[i] = factor * dy[i];
  }

  void product_gradient(size_t k, const T* y, const std::vector<const T*>& x, const T* dy, T* dx,
                        int64_t first, int64_t n) const {
    const bool stable = this->param_.eltwise_param().stable_prod_grad();
    for (int64_t i = first; i < first + n; ++i) {
      T others = stable ? T(1) : y[i] / x[k][i];
      for (size_t j = 0; stable && j < x.size(); ++j) {
        if (j != k) others *= x[j][i];
      }
      dx[i] = dy[i] * others;
    }
  }

  static size_t winner(const std::vector<const T*>& x, int64_t i) {
    size_t best = x[0][i] > x[1][i] ? 0 : 1;
    for (size_t k = 2; k < x.size(); ++k) {
      if (x[k][i] > x[best][i]) best = k;
    }
    return best;
  }

  EltwiseParameter::EltwiseOp operation_ = EltwiseParameter::SUM;
  std::vector<T> coefficients_;
  FormatPtr format_;
  std::vector<T> kept_input_;
};

CAFFE_REGISTER_LAYER(Eltwise, EltwiseLayer);

}  // namespace caffe
