#include <cmath>

#include "caffe/layers/labels.hpp"
#include "caffe/layers/weighted_loss_layer.hpp"

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
  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const T* x = bottom[0]->data().read();
    const T* t = bottom[1]->data().read();
    const T* weights = this->item_weights(bottom);
    const int64_t per_item = bottom[0]->count(1);
    double sum = 0;
    int64_t valid = 0;
    for (int64_t i = 0; i < bottom[0]->count(); ++i) {
      if (ignores(t[i])) continue;
      const T positive = static_cast<T>(x[i] >= T(0));
      const T gain = x[i] * (t[i] - positive) - std::log1p(std::exp(x[i] - 2 * x[i] * positive));
      sum -= weights == nullptr ? gain : weights[i / per_item] * gain;
      ++valid;
    }
    norm_ = this->normalizer(this->normalization(LossParameter::BATCH_SIZE), bottom[0]->dim(0),
                             per_item, valid);
    this->set_loss(sum / norm_, top);
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
    const int64_t per_item = bottom[0]->count(1);
    T* dx = bottom[0]->diff().write();
    for (int64_t i = 0; i < bottom[0]->count(); ++i) {
      const T s = T(0.5) * std::tanh(T(0.5) * x[i]) + T(0.5);
      const T factor = weights == nullptr ? weight : weight * weights[i / per_item];
      dx[i] = ignores(t[i]) ? T(0) : factor * (s - t[i]);
    }
    bottom[0]->diff().written();
  }

 private:
  bool ignores(T target) const {
    const LossParameter& p = this->param_.loss_param();
    return p.has_ignore_label() && is_label(target, p.ignore_label());
  }

  T norm_ = 1;
};

CAFFE_REGISTER_LAYER(SigmoidCrossEntropyLoss, SigmoidCrossEntropyLossLayer);

}  // namespace caffe
