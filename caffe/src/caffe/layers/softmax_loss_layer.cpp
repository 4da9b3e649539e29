#include <algorithm>
#include <limits>

#include "caffe/layers/labels.hpp"
#include "caffe/layers/rows.hpp"
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
  bool backward_reads_tops() const override { return true; }  // the probabilities
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
    const std::vector<int64_t> labels = this->labels(bottom);
    const T* weights = this->item_weights(bottom);
    const double sum = range_sum(outer_ * inner_, [&](int64_t first, int64_t n) {
      double gain = 0;
      for_array_blocks(n, [&](int64_t start, int64_t width) {
        gain += gain_of(p, labels, weights, first + start, width);
      });
      return -gain;
    });
    const auto ignored = std::count(labels.begin(), labels.end(), kIgnoredLabel);
    const int64_t valid = outer_ * inner_ - static_cast<int64_t>(ignored);
    norm_ = this->normalizer(this->normalization(LossParameter::VALID), outer_, inner_, valid);
    this->set_loss(sum / norm_, top);
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    this->refuse_target_gradient(propagate_down);
    this->refuse_weight_gradient(propagate_down);
    if (!propagate_down[0]) return;
    const T weight = this->loss_gradient(top) / norm_;
    const std::vector<int64_t> labels = this->labels(bottom);
    const T* weights = this->item_weights(bottom);
    const T* p = probabilities_.data().read();
    T* dx = bottom[0]->diff().write();
    for_position_blocks(outer_, classes_, inner_, [&](const PositionBlock& block) {
      const int64_t item = block.position / per_item_;
      const T factor = weights == nullptr ? weight : weight * weights[item];
      scale(block, p, factor, dx);
      for (int64_t i = 0; i < block.width; ++i) {
        const int64_t label = labels[block.position + i];
        T* at = dx + block.element + i;
        if (label == kIgnoredLabel) {
          for (int64_t c = 0; c < classes_; ++c) at[c * inner_] = 0;
        } else {
          at[label * inner_] -= factor;
        }
      }
    });
    bottom[0]->diff().written();
  }

 private:
  int64_t place(int64_t position, int64_t label) const {
    return (position / inner_ * classes_ + label) * inner_ + position % inner_;
  }
  std::vector<int64_t> labels(const BlobVec<T>& bottom) const {
    const LossParameter& p = this->param_.loss_param();
    const int64_t ignored = p.ignore_label();
    return read_labels(*bottom[1], inner_, classes_, p.has_ignore_label() ? &ignored : nullptr);
  }

  // Sum of weight * log p[label] over at most kArrayBlock positions.
  double gain_of(const T* p, const std::vector<int64_t>& labels, const T* weights, int64_t first,
                 int64_t n) const {
    T gain[kArrayBlock];
    for (int64_t i = 0; i < n; ++i) {
      const int64_t label = labels[first + i];
      const T share = label == kIgnoredLabel ? T(1) : p[place(first + i, label)];
      gain[i] = std::max(share, T(std::numeric_limits<float>::min()));
    }
    array_log(gain, n, gain);
    double sum = 0;
    for (int64_t i = 0; i < n; ++i) {
      if (labels[first + i] == kIgnoredLabel) continue;
      sum += weights == nullptr ? gain[i] : weights[(first + i) / per_item_] * gain[i];
    }
    return sum;
  }

  // to = factor * from
  void scale(const PositionBlock& block, const T* from, T factor, T* to) const {
    const bool whole = block.width == inner_;  // then all classes are neighbours
    const int64_t rows = whole ? 1 : classes_, length = whole ? classes_ * inner_ : block.width;
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t at = block.element + row * inner_;
#pragma omp simd
      for (int64_t i = at; i < at + length; ++i) to[i] = from[i] * factor;
    }
  }

  int64_t outer_ = 0, classes_ = 0, inner_ = 0;
  int64_t per_item_ = 1;  // labels
  Blob<T> probabilities_;
  T norm_ = 1;
};

CAFFE_REGISTER_LAYER(SoftmaxWithLoss, SoftmaxWithLossLayer);

}  // namespace caffe
