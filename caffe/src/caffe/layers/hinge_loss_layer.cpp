#include <algorithm>

#include "caffe/layers/labels.hpp"
#include "caffe/layers/rows.hpp"
#include "caffe/layers/weighted_loss_layer.hpp"
#include "caffe/ops/functions.hpp"

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
    const std::vector<int64_t> labels = read_labels(*bottom[1], 1, classes_);
    const T* x = bottom[0]->data().read();
    const std::vector<double> costs =
        row_sums(items_, classes_, [&](int64_t item, int64_t first, int64_t n) {
          double cost = 0;
          for_array_blocks(n, [&](int64_t start, int64_t width) {
            T m[kArrayBlock];
            margins(x + item * classes_, labels[item], first + start, width, m);
            cost += squared() ? sum_squares(m, width) : sum_values(m, width);
          });
          return cost;
        });
    const double sum = this->weigh(costs, this->item_weights(bottom));
    this->set_loss(sum / static_cast<double>(std::max<int64_t>(items_, 1)), top);
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    this->refuse_target_gradient(propagate_down);
    this->refuse_weight_gradient(propagate_down);
    if (!propagate_down[0]) return;
    const T weight = this->loss_gradient(top) / static_cast<T>(items_);
    const std::vector<int64_t> labels = read_labels(*bottom[1], 1, classes_);
    const T *weights = this->item_weights(bottom), *x = bottom[0]->data().read();
    T* dx = bottom[0]->diff().write();
    const bool squared = this->squared();
    for_row_ranges(items_, classes_, [&](int64_t item, int64_t first, int64_t n) {
      const T factor = weights == nullptr ? weight : weight * weights[item];
      T* slope = dx + item * classes_ + first;
      margins(x + item * classes_, labels[item], first, n, slope);
#pragma omp simd
      for (int64_t c = 0; c < n; ++c) {
        const T one = slope[c] > T(0) ? T(1) : T(0), two = 2 * slope[c];
        slope[c] = factor * (squared ? two : one);
      }
      const int64_t label = labels[item] - first;
      if (label >= 0 && label < n) slope[label] = -slope[label];
    });
    bottom[0]->diff().written();
  }

 private:
  bool squared() const { return this->param_.hinge_loss_param().norm() == HingeLossParameter::L2; }

  // m for the classes [first, first + n) of an item. Written so that NaN stays NaN.
  static void margins(const T* x, int64_t label, int64_t first, int64_t n, T* m) {
#pragma omp simd
    for (int64_t c = 0; c < n; ++c) {
      const T margin = 1 + x[first + c];
      m[c] = margin <= T(0) ? T(0) : margin;
    }
    if (label < first || label >= first + n) return;
    const T margin = 1 - x[label];
    m[label - first] = margin <= T(0) ? T(0) : margin;
  }

  int64_t items_ = 0, classes_ = 0;
};

CAFFE_REGISTER_LAYER(HingeLoss, HingeLossLayer);

}  // namespace caffe
