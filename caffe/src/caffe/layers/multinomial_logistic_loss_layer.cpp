#include <algorithm>

#include "caffe/copy_values.hpp"
#include "caffe/layers/labels.hpp"
#include "caffe/layers/loss_layer.hpp"
#include "caffe/layers/rows.hpp"
#include "caffe/ops/functions.hpp"

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
    const std::vector<int64_t> labels = read_labels(*bottom[1], 1, classes_);
    const T* p = bottom[0]->data().read();
    const double sum = range_sum(items_, [&](int64_t first, int64_t n) {
      double gain = 0;
      for_array_blocks(n, [&](int64_t start, int64_t width) {
        T q[kArrayBlock];
        for (int64_t i = 0; i < width; ++i) q[i] = bounded(p[place(labels, first + start + i)]);
        array_log(q, width, q);
        gain += sum_values(q, width);
      });
      return -gain;
    });
    this->set_loss(sum / static_cast<double>(std::max<int64_t>(items_, 1)), top);
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    this->refuse_target_gradient(propagate_down);
    if (!propagate_down[0]) return;
    const T weight = this->loss_gradient(top) / static_cast<T>(items_);
    const std::vector<int64_t> labels = read_labels(*bottom[1], 1, classes_);
    const T* p = bottom[0]->data().read();
    T* dx = bottom[0]->diff().write();
    fill_values(T(0), bottom[0]->count(), dx);
    for (int64_t n = 0; n < items_; ++n) {
      const int64_t i = place(labels, n);
      dx[i] = -weight / bounded(p[i]);
    }
    bottom[0]->diff().written();
  }

 private:
  // Where an item's probability at its label is.
  int64_t place(const std::vector<int64_t>& labels, int64_t item) const {
    return item * classes_ + labels[item];
  }
  // NaN stays NaN.
  static T bounded(T probability) { return std::max(probability, T(1e-20)); }

  int64_t items_ = 0, classes_ = 0;
};

CAFFE_REGISTER_LAYER(MultinomialLogisticLoss, MultinomialLogisticLossLayer);

}  // namespace caffe
