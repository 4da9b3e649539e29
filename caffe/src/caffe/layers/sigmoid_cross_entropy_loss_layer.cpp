#include <algorithm>
#include <cmath>

#include "caffe/layers/labels.hpp"
#include "caffe/layers/rows.hpp"
#include "caffe/layers/weighted_loss_layer.hpp"
#include "caffe/ops/functions.hpp"

namespace caffe {

// Cross-entropy of independent yes-no answers: with s = sigmoid(x) and targets t in [0, 1],
// loss = -(sum of t log s + (1 - t) log(1 - s)) / norm over positions where t, cut to an
// integer, is not ignore_label; dx = (s - t) * w / norm, 0 where ignored. Computed from x
// alone, so that no s rounds to 0 or 1. norm: loss_param.normalization (BATCH_SIZE), see
// LossLayer::normalizer. Bottom 2: WeightedLossLayer.
template <typename T>
class SigmoidCrossEntropyLossLayer : public WeightedLossLayer<T> {
 public:
  using WeightedLossLayer<T>::WeightedLossLayer;
  const char* type() const override { return "SigmoidCrossEntropyLoss"; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    WeightedLossLayer<T>::reshape(bottom, top);
    this->check(bottom[0]->count() == bottom[1]->count(), Code::kShape,
                "predictions and targets must have as many elements each, but have shapes ",
                shape_string(bottom[0]->shape()), " and ", shape_string(bottom[1]->shape()));
  }

 protected:
  using typename WeightedLossLayer<T>::Parts;

  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const T* x = bottom[0]->data().read();
    const T* t = bottom[1]->data().read();
    const T* weights = this->item_weights(bottom);
    const Parts parts = this->parts(bottom);
    const std::vector<double> sums =
        row_sums(parts.number, parts.length, [&](int64_t part, int64_t first, int64_t n) {
          const int64_t at = part * parts.length + first;
          double loss = 0;
          for_array_blocks(n, [&](int64_t start, int64_t width) {
            loss += loss_of(x + at + start, t + at + start, width);
          });
          return loss;
        });
    norm_ = this->normalizer(this->normalization(LossParameter::BATCH_SIZE), bottom[0]->dim(0),
                             bottom[0]->count(1), count_valid(t, bottom[0]->count()));
    this->set_loss(this->weigh(sums, weights) / norm_, top);
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    this->refuse_target_gradient(propagate_down);
    this->refuse_weight_gradient(propagate_down);
    if (!propagate_down[0]) return;
    const T weight = this->loss_gradient(top) / norm_;
    const T* x = bottom[0]->data().read();
    const T* t = bottom[1]->data().read();
    const T* weights = this->item_weights(bottom);
    const Parts parts = this->parts(bottom);
    T* dx = bottom[0]->diff().write();
    for_row_ranges(parts.number, parts.length, [=](int64_t part, int64_t first, int64_t n) {
      const int64_t at = part * parts.length + first;
      const T factor = weights == nullptr ? weight : weight * weights[part];
      for_array_blocks(n, [=](int64_t start, int64_t width) {
        derive(factor, x + at + start, t + at + start, width, dx + at + start);
      });
    });
    bottom[0]->diff().written();
  }

 private:
  bool may_ignore() const { return this->param_.loss_param().has_ignore_label(); }
  bool ignores(T target) const {
    return is_label(target, this->param_.loss_param().ignore_label());
  }
  int64_t count_valid(const T* t, int64_t count) const {
    if (!may_ignore()) return count;
    return static_cast<int64_t>(range_sum(count, [=](int64_t first, int64_t n) {
      return static_cast<double>(
          std::count_if(t + first, t + first + n, [this](T target) { return !ignores(target); }));
    }));
  }

  // Of at most kArrayBlock values that are not ignored.
  double loss_of(const T* x, const T* t, int64_t n) const {
    T loss[kArrayBlock];
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) loss[i] = -std::abs(x[i]);
    array_exp(loss, n, loss);
    array_log1p(loss, n, loss);
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) {
      const T positive = T(0.5) + std::copysign(T(0.5), x[i]);
      loss[i] -= x[i] * (t[i] - positive);
    }
    for (int64_t i = 0; may_ignore() && i < n; ++i) {
      if (ignores(t[i])) loss[i] = 0;
    }
    return sum_values(loss, n);
  }

  // dx = factor * (sigmoid(x) - t), of at most kArrayBlock values.
  void derive(T factor, const T* x, const T* t, int64_t n, T* dx) const {
    T s[kArrayBlock];
    array_sigmoid(x, n, s);
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) dx[i] = factor * (s[i] - t[i]);
    for (int64_t i = 0; may_ignore() && i < n; ++i) {
      if (ignores(t[i])) dx[i] = 0;
    }
  }

  T norm_ = 1;
};

CAFFE_REGISTER_LAYER(SigmoidCrossEntropyLoss, SigmoidCrossEntropyLossLayer);

}  // namespace caffe
