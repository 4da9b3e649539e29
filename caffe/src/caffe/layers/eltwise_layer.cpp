#include <algorithm>
#include <vector>

#include "caffe/layer_registry.hpp"
#include "caffe/layers/followers.hpp"
#include "caffe/layers/ranges.hpp"
#include "caffe/ops/rectify.hpp"

namespace caffe {

// Combines bottoms of one shape element by element, by eltwise_param.operation:
//   SUM:  y = sum of coeff_i * x_i (coeff 1 if none is given), dx_i = coeff_i * dy;
//   PROD: y = product of x_i, dx_i = dy * product of the others (dy * y / x_i if
//         stable_prod_grad is false);
//   MAX:  the greatest; dy goes to it. Of equal ones bottom 1 beats bottom 0, and later
//         bottoms must be strictly greater.
template <typename T>
class EltwiseLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "Eltwise"; }
  InPlace in_place() const override { return InPlace::kOver; }
  bool backward_reads_bottoms() const override { return !adds(); }
  bool backward_reads_tops() const override {
    return this->param_.eltwise_param().operation() == EltwiseParameter::PROD;
  }
  bool absorbs_backward() const override { return adds(); }
  bool adds_two() const override { return adds() && coefficients_ == std::vector<T>{T(1), T(1)}; }
  CountRange bottom_count() const override { return {2, -1}; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    for (size_t i = 1; i < bottom.size(); ++i) {
      this->check(bottom[i]->shape() == bottom[0]->shape(), Code::kShape,
                  "all bottoms must have one shape, but bottom 0 has ",
                  shape_string(bottom[0]->shape()), " and bottom ", i, " has ",
                  shape_string(bottom[i]->shape()));
    }
    top[0]->reshape(bottom[0]->shape());
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
    this->check(p.coeff_size() == 0 || p.coeff_size() == static_cast<int>(bottom.size()),
                Code::kBadNet, "coeff must be given once per bottom: ", bottom.size(), " bottoms, ",
                p.coeff_size(), " coefficients");
    this->check(p.coeff_size() == 0 || operation_ != EltwiseParameter::PROD, Code::kBadNet,
                "coeff has no meaning for PROD");
    coefficients_.assign(bottom.size(), T(1));
    for (int i = 0; adds() && i < p.coeff_size(); ++i) coefficients_[i] = p.coeff(i);
  }

  int absorb(const std::vector<Layer<T>*>& followers) override {
    return begins_with_relu(followers) ? 1 : 0;
  }

  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    forward_all(bottom, top, false);
  }

  void forward_with_followers(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    forward_all(bottom, top, true);
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    if (adds()) {
      sum_backward(top, propagate_down, bottom, false);
      return;
    }
    const bool product = operation_ == EltwiseParameter::PROD;
    const T* dy = top[0]->diff().read(format_);
    const T* y = product ? top[0]->data().read(format_) : nullptr;
    const std::vector<const T*> x = inputs(bottom);
    std::vector<T*> dx(bottom.size(), nullptr);
    for (size_t k = 0; k < bottom.size(); ++k) {
      if (propagate_down[k]) dx[k] = bottom[k]->diff().write(format_);
    }
    for_ranges(stored_count(format_, bottom[0]->count()), [&](int64_t first, int64_t n) {
      // Bottom 0 comes last: its dx may lie where dy does.
      for (size_t k = bottom.size(); k-- > 0;) {
        if (dx[k] == nullptr) continue;
        if (product) {
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

  void backward_with_followers(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                               const BlobVec<T>& bottom) override {
    sum_backward(top, propagate_down, bottom, true);
  }

 private:
  // relu: with that of the rectifier behind, whose dx is left where dy was.
  void sum_backward(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                    const BlobVec<T>& bottom, bool relu) {
    const T* y = relu ? top[0]->data().read(format_) : nullptr;
    Storage<T>* from = &top[0]->diff();
    // Where nobody looks at dy any more, the first dx lies in its place.
    const auto wanted = std::find(propagate_down.begin(), propagate_down.end(), true);
    if (wanted != propagate_down.end()) {
      Storage<T>& heir = bottom[wanted - propagate_down.begin()]->diff();
      if (heir.take(*from)) from = &heir;
    }
    const T* dy = from->read(format_);
    T* rectified = relu ? from->read_write(format_) : nullptr;
    std::vector<T*> dx(bottom.size(), nullptr);
    for (size_t k = 0; k < bottom.size(); ++k) {
      Storage<T>& gradient = bottom[k]->diff();
      const bool in_place = &gradient == from;
      if (!propagate_down[k] || (in_place && coefficients_[k] == T(1))) continue;
      dx[k] = in_place ? gradient.read_write(format_) : gradient.write(format_);
    }
    for_ranges(stored_count(format_, bottom[0]->count()), [&](int64_t first, int64_t n) {
      if (relu) rectify_gradient(y + first, dy + first, n, rectified + first);
      for (const bool in_place : {false, true}) {
        for (size_t k = 0; k < dx.size(); ++k) {
          if (dx[k] == nullptr || (dx[k] == dy) != in_place) continue;
          scaled(coefficients_[k], dy + first, dx[k] + first, n);
        }
      }
    });
    if (rectified != nullptr) from->written(format_);
    for (size_t k = 0; k < bottom.size(); ++k) {
      if (dx[k] != nullptr) bottom[k]->diff().written(format_);
    }
  }

  void forward_all(const BlobVec<T>& bottom, const BlobVec<T>& top, bool relu) const {
    const std::vector<const T*> x = inputs(bottom);
    const int64_t count = stored_count(format_, bottom[0]->count());
    Storage<T>& out = top[0]->data();
    T* y = out.write(format_);
    for_ranges(count, [&](int64_t first, int64_t n) {
      combine(coefficients_[0], x[0] + first, coefficients_[1], x[1] + first, y + first, n);
      for (size_t k = 2; k < x.size(); ++k) {
        combine(T(1), y + first, coefficients_[k], x[k] + first, y + first, n);
      }
      if (relu) rectify(y + first, n, y + first);
    });
    out.written(format_);
  }

  bool adds() const { return this->param_.eltwise_param().operation() == EltwiseParameter::SUM; }

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
};

CAFFE_REGISTER_LAYER(Eltwise, EltwiseLayer);

}  // namespace caffe
