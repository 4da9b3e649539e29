#include <algorithm>
#include <limits>

#include "caffe/layers/labels.hpp"
#include "caffe/layers/softmax_kernel.hpp"
#include "caffe/layers/weighted_loss_layer.hpp"

namespace caffe {

// Multinomial logistic loss of a softmax along softmax_param.axis (1): with p = softmax(x),
// loss = -(sum of log p[label]) / norm over positions whose label is not ignore_label, and
// dx = (p - onehot(label)) * w / norm, 0 where ignored. norm: loss_param.normalization
// (VALID), see LossLayer::normalizer. An optional second top gets p. Bottom 2: WeightedLossLayer.
template <typename T>
class SoftmaxWithLossLayer : public WeightedLossLayer<T> {
 public:
  using WeightedLossLayer<T>::WeightedLossLayer;
  const char* type() const override { return "SoftmaxWithLoss"; }
  CountRange top_count() const override { return {1, 2}; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    WeightedLossLayer<T>::reshape(bottom, top);
    const int axis = bottom[0]->canonical_axis(this->param_.softmax_param().axis());
    outer_ = bottom[0]->count(0, axis);
    classes_ = bottom[0]->dim(axis);
    inner_ = bottom[0]->count(axis + 1);
    check_label_count(bottom, outer_ * inner_, "predictions");
    this->check(bottom.size() < 3 || axis > 0, Code::kBadNet, "weights items along axis 0, which ",
                "are its classes");
    per_item_ = std::max<int64_t>(outer_ * inner_ / std::max<int64_t>(bottom[0]->dim(0), 1), 1);
    probabilities_.reshape(bottom[0]->shape());
    if (top.size() > 1) {
      top[1]->reshape(bottom[0]->shape());
      top[1]->share_data(probabilities_);
    }
  }

 protected:
  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    T* p = probabilities_.data().write();
    softmax(outer_, classes_, inner_, bottom[0]->data().read(), p);
    probabilities_.data().written();
    const T* labels = bottom[1]->data().read();
    const T* weights = this->item_weights(bottom);
    double sum = 0;
    int64_t valid = 0;
    for (int64_t i = 0; i < outer_ * inner_; ++i) {
      const int64_t label = label_at(labels, i);
      if (ignores(label)) continue;
      const T gain = std::log(std::max(p[place(i, label)], T(std::numeric_limits<float>::min())));
      sum -= weights == nullptr ? gain : weights[i / per_item_] * gain;
      ++valid;
    }
    norm_ = this->normalizer(this->normalization(LossParameter::VALID), outer_, inner_, valid);
    this->set_loss(sum / norm_, top);
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    this->refuse_target_gradient(propagate_down);
    this->refuse_weight_gradient(propagate_down);
    if (!propagate_down[0]) return;
    const T weight = this->loss_gradient(top) / norm_;
    const T* labels = bottom[1]->data().read();
    const T* weights = this->item_weights(bottom);
    const T* p = probabilities_.data().read();
    T* dx = bottom[0]->diff().write();
    const int64_t parts = weights == nullptr ? 1 : bottom[0]->dim(0);
    const int64_t count = outer_ * classes_ * inner_ / std::max<int64_t>(parts, 1);
    for (int64_t part = 0; part < parts; ++part) {
      const T factor = weights == nullptr ? weight : weight * weights[part];
      const T* from = p + part * count;
      T* to = dx + part * count;
#pragma omp parallel for simd schedule(static) if (parallel : count > 16384)
      for (int64_t i = 0; i < count; ++i) to[i] = from[i] * factor;
    }
    for (int64_t i = 0; i < outer_ * inner_; ++i) {
      const int64_t label = label_at(labels, i);
      if (ignores(label)) {
        for (int64_t c = 0; c < classes_; ++c) dx[place(i, c)] = 0;
      } else {
        dx[place(i, label)] -= weights == nullptr ? weight : weight * weights[i / per_item_];
      }
    }
    bottom[0]->diff().written();
  }

 private:
  int64_t place(int64_t position, int64_t label) const {
    return (position / inner_ * classes_ + label) * inner_ + position % inner_;
  }
  int64_t label_at(const T* labels, int64_t i) const {
    const LossParameter& p = this->param_.loss_param();
    return checked_label(labels, i, inner_, classes_, p.has_ignore_label(), p.ignore_label());
  }
  bool ignores(int64_t label) const {
    const LossParameter& p = this->param_.loss_param();
    return p.has_ignore_label() && label == p.ignore_label();
  }

  int64_t outer_ = 0, classes_ = 0, inner_ = 0;
  int64_t per_item_ = 1;  // labels
  Blob<T> probabilities_;
  T norm_ = 1;
};

CAFFE_REGISTER_LAYER(SoftmaxWithLoss, SoftmaxWithLossLayer);

}  // namespace caffe
