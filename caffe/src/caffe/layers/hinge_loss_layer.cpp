#include <algorithm>

#include "caffe/layers/labels.hpp"
#include "caffe/layers/weighted_loss_layer.hpp"

namespace caffe {

// Hinge loss of N items, one class against all others: with m = max(0, 1 + d * x), where d is
// -1 at the label and 1 elsewhere, loss = sum of m / N for hinge_loss_param.norm L1 (default),
// sum of m^2 / N for L2; dx = w / N * d * [m > 0] or 2w / N * d * m.
// Bottom 2: WeightedLossLayer. L2: Tang, Deep learning using linear support vector machines, 2013.
template <typename T>
class HingeLossLayer : public WeightedLossLayer<T> {
 public:
  using WeightedLossLayer<T>::WeightedLossLayer;
  const char* type() const override { return "HingeLoss"; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    WeightedLossLayer<T>::reshape(bottom, top);
    items_ = bottom[0]->dim(0);
    classes_ = bottom[0]->count(1);
    check_label_count(bottom, items_, "predictions");
  }

 protected:
  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    double sum = 0;
    const T* weights = this->item_weights(bottom);
    for_margins(bottom, [&](int64_t i, T, T margin) {
      const double part = squared() ? static_cast<double>(margin) * margin : margin;
      sum += weights == nullptr ? part : static_cast<double>(weights[i / classes_]) * part;
    });
    this->set_loss(sum / static_cast<double>(std::max<int64_t>(items_, 1)), top);
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    this->refuse_target_gradient(propagate_down);
    this->refuse_weight_gradient(propagate_down);
    if (!propagate_down[0]) return;
    const T weight = this->loss_gradient(top) / static_cast<T>(items_);
    const T* weights = this->item_weights(bottom);
    T* dx = bottom[0]->diff().write();
    for_margins(bottom, [&](int64_t i, T direction, T margin) {
      const T slope = squared() ? 2 * margin : static_cast<T>(margin > T(0));
      const T factor = weights == nullptr ? weight : weight * weights[i / classes_];
      dx[i] = factor * direction * slope;
    });
    bottom[0]->diff().written();
  }

 private:
  bool squared() const { return this->param_.hinge_loss_param().norm() == HingeLossParameter::L2; }

  // body(index, d, m) for every prediction. Written so that NaN stays NaN.
  template <typename Body>
  void for_margins(const BlobVec<T>& bottom, const Body& body) const {
    const T* x = bottom[0]->data().read();
    const T* labels = bottom[1]->data().read();
    for (int64_t n = 0; n < items_; ++n) {
      const int64_t label = checked_label(labels, n, 1, classes_, false, 0);
      for (int64_t c = 0; c < classes_; ++c) {
        const T direction = c == label ? T(-1) : T(1);
        const T margin = 1 + direction * x[n * classes_ + c];
        body(n * classes_ + c, direction, margin <= T(0) ? T(0) : margin);
      }
    }
  }

  int64_t items_ = 0, classes_ = 0;
};

CAFFE_REGISTER_LAYER(HingeLoss, HingeLossLayer);

}  // namespace caffe
