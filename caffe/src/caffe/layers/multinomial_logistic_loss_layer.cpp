#include <algorithm>
#include <cmath>

#include "caffe/layers/labels.hpp"
#include "caffe/layers/loss_layer.hpp"

namespace caffe {

// Cross-entropy of N items whose bottom holds probabilities p already: with q =
// max(p[label], 1e-20), loss = -(sum of log q) / N, dp = -w / (N * q) at the label, 0
// elsewhere. SoftmaxWithLoss is steadier where it fits.
template <typename T>
class MultinomialLogisticLossLayer : public LossLayer<T> {
 public:
  using LossLayer<T>::LossLayer;
  const char* type() const override { return "MultinomialLogisticLoss"; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    LossLayer<T>::reshape(bottom, top);
    items_ = bottom[0]->dim(0);
    classes_ = bottom[0]->count(1);
    check_label_count(bottom, items_, "probabilities");
  }

 protected:
  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    double sum = 0;
    for_labels(bottom, [&](int64_t, T probability) { sum -= std::log(probability); });
    this->set_loss(sum / static_cast<double>(std::max<int64_t>(items_, 1)), top);
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    this->refuse_target_gradient(propagate_down);
    if (!propagate_down[0]) return;
    const T weight = this->loss_gradient(top) / static_cast<T>(items_);
    T* dx = bottom[0]->diff().write();
    std::fill_n(dx, bottom[0]->count(), T(0));
    for_labels(bottom, [&](int64_t i, T probability) { dx[i] = -weight / probability; });
    bottom[0]->diff().written();
  }

 private:
  // body(index, max(p, 1e-20)) for the label of every item. NaN stays NaN.
  template <typename Body>
  void for_labels(const BlobVec<T>& bottom, const Body& body) const {
    const T* p = bottom[0]->data().read();
    const T* labels = bottom[1]->data().read();
    for (int64_t n = 0; n < items_; ++n) {
      const int64_t i = n * classes_ + checked_label(labels, n, 1, classes_, false, 0);
      body(i, std::max(p[i], T(1e-20)));
    }
  }

  int64_t items_ = 0, classes_ = 0;
};

CAFFE_REGISTER_LAYER(MultinomialLogisticLoss, MultinomialLogisticLossLayer);

}  // namespace caffe
