#include <algorithm>

#include "caffe/layer_registry.hpp"

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
    count_ = bottom[0]->count();
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
    if (bottom[0] == top[0] && operation_ != EltwiseParameter::SUM) {
      kept_input_.assign(x[0], x[0] + count_);
    }
    Storage<T>& out = top[0]->data();
    T* y = bottom[0] == top[0] ? out.read_write() : out.write();
    combine(coefficients_[0], x[0], coefficients_[1], x[1], y);
    for (size_t k = 2; k < x.size(); ++k) combine(T(1), y, coefficients_[k], x[k], y);
    out.written();
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    const T* dy = top[0]->diff().read();
    // Bottom 0 comes last: in place, its dx overwrites dy.
    for (size_t k = bottom.size(); k-- > 0;) {
      if (!propagate_down[k]) continue;
      Storage<T>& diff = bottom[k]->diff();
      T* dx = bottom[k] == top[0] ? diff.read_write() : diff.write();
      if (operation_ == EltwiseParameter::SUM) {
        for (int64_t i = 0; i < count_; ++i) dx[i] = coefficients_[k] * dy[i];
      } else if (operation_ == EltwiseParameter::PROD) {
        product_gradient(k, top[0]->data().read(), inputs_of_forward(bottom, top), dy, dx);
      } else {
        const std::vector<const T*> x = inputs_of_forward(bottom, top);
        for (int64_t i = 0; i < count_; ++i) dx[i] = winner(x, i) == k ? dy[i] : T(0);
      }
      diff.written();
    }
  }

 private:
  static std::vector<const T*> inputs(const BlobVec<T>& bottom) {
    std::vector<const T*> x;
    for (Blob<T>* blob : bottom) x.push_back(blob->data().read());
    return x;
  }

  // y = a and b combined; the factors are SUM's.
  void combine(T factor_a, const T* a, T factor_b, const T* b, T* y) const {
    const int64_t count = count_;
    if (operation_ == EltwiseParameter::SUM) {
#pragma omp parallel for simd schedule(static) if (parallel : count > 16384)
      for (int64_t i = 0; i < count; ++i) y[i] = factor_a * a[i] + factor_b * b[i];
    } else if (operation_ == EltwiseParameter::PROD) {
#pragma omp parallel for simd schedule(static) if (parallel : count > 16384)
      for (int64_t i = 0; i < count; ++i) y[i] = a[i] * b[i];
    } else {
#pragma omp parallel for simd schedule(static) if (parallel : count > 16384)
      for (int64_t i = 0; i < count; ++i) y[i] = std::max(a[i], b[i]);
    }
  }

  std::vector<const T*> inputs_of_forward(const BlobVec<T>& bottom, const BlobVec<T>& top) const {
    std::vector<const T*> x = inputs(bottom);
    if (bottom[0] == top[0]) x[0] = kept_input_.data();
    return x;
  }

  void product_gradient(size_t k, const T* y, const std::vector<const T*>& x, const T* dy,
                        T* dx) const {
    const bool stable = this->param_.eltwise_param().stable_prod_grad();
    for (int64_t i = 0; i < count_; ++i) {
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
  int64_t count_ = 0;
  std::vector<T> kept_input_;
};

CAFFE_REGISTER_LAYER(Eltwise, EltwiseLayer);

}  // namespace caffe
