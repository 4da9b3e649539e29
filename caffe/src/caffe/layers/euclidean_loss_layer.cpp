#include "caffe/layers/loss_layer.hpp"

namespace caffe {

// Half the mean squared distance: loss = sum of (a - b)^2 / (2N), N the first extent.
// da = w * (a - b) / N, db = -da.
template <typename T>
class EuclideanLossLayer : public LossLayer<T> {
 public:
  using LossLayer<T>::LossLayer;
  const char* type() const override { return "EuclideanLoss"; }
  bool allow_force_backward(int) const override { return true; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    LossLayer<T>::reshape(bottom, top);
    this->check(bottom[0]->count() == bottom[1]->count(), Code::kShape,
                "bottoms must have as many elements each, but have shapes ",
                shape_string(bottom[0]->shape()), " and ", shape_string(bottom[1]->shape()));
  }

 protected:
  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const T* a = bottom[0]->data().read();
    const T* b = bottom[1]->data().read();
    double sum = 0;
    for (int64_t i = 0; i < bottom[0]->count(); ++i) {
      const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
      sum += difference * difference;
    }
    this->set_loss(sum / (2 * static_cast<double>(bottom[0]->dim(0))), top);
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    const T* a = bottom[0]->data().read();
    const T* b = bottom[1]->data().read();
    const int64_t count = bottom[0]->count();
    const T weight = this->loss_gradient(top) / static_cast<T>(bottom[0]->dim(0));
    for (int side = 0; side < 2; ++side) {
      if (!propagate_down[side]) continue;
      const T factor = side == 0 ? weight : -weight;
      T* diff = bottom[side]->diff().write();
#pragma omp simd
      for (int64_t i = 0; i < count; ++i) diff[i] = factor * (a[i] - b[i]);
      bottom[side]->diff().written();
    }
  }
};

CAFFE_REGISTER_LAYER(EuclideanLoss, EuclideanLossLayer);

}  // namespace caffe
