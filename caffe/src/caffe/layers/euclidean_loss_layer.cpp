#include "caffe/layers/rows.hpp"
#include "caffe/layers/weighted_loss_layer.hpp"

namespace caffe {

// Half the mean squared distance: loss = sum of (a - b)^2 / (2N), N the first extent.
// da = w * (a - b) / N, db = -da. Bottom 2: WeightedLossLayer.
template <typename T>
class EuclideanLossLayer : public WeightedLossLayer<T> {
 public:
  using WeightedLossLayer<T>::WeightedLossLayer;
  const char* type() const override { return "EuclideanLoss"; }
  bool allow_force_backward(int bottom) const override { return bottom < 2; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    WeightedLossLayer<T>::reshape(bottom, top);
    this->check(bottom[0]->count() == bottom[1]->count(), Code::kShape,
                "bottoms must have as many elements each, but have shapes ",
                shape_string(bottom[0]->shape()), " and ", shape_string(bottom[1]->shape()));
  }

 protected:
  using typename WeightedLossLayer<T>::Parts;

  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const T* a = bottom[0]->data().read();
    const T* b = bottom[1]->data().read();
    const T* weights = this->item_weights(bottom);
    const Parts parts = this->parts(bottom);
    const std::vector<double> sums =
        row_sums(parts.number, parts.length, [=](int64_t part, int64_t first, int64_t n) {
          const int64_t at = part * parts.length + first;
          return sum_squared_differences(a + at, b + at, n);
        });
    const double sum = this->weigh(sums, weights);
    this->set_loss(sum / (2 * static_cast<double>(bottom[0]->dim(0))), top);
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    this->refuse_weight_gradient(propagate_down);
    const T* a = bottom[0]->data().read();
    const T* b = bottom[1]->data().read();
    const T* weights = this->item_weights(bottom);
    const Parts parts = this->parts(bottom);
    const T weight = this->loss_gradient(top) / static_cast<T>(bottom[0]->dim(0));
    for (int side = 0; side < 2; ++side) {
      if (!propagate_down[side]) continue;
      T* diff = bottom[side]->diff().write();
      for_row_ranges(parts.number, parts.length, [=](int64_t part, int64_t first, int64_t n) {
        const T part_weight = weights == nullptr ? weight : weight * weights[part];
        const T factor = side == 0 ? part_weight : -part_weight;
        const int64_t at = part * parts.length + first;
#pragma omp simd
        for (int64_t i = at; i < at + n; ++i) diff[i] = factor * (a[i] - b[i]);
      });
      bottom[side]->diff().written();
    }
  }
};

CAFFE_REGISTER_LAYER(EuclideanLoss, EuclideanLossLayer);

}  // namespace caffe
