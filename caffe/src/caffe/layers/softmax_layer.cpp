#include "caffe/layer_registry.hpp"
#include "caffe/layers/softmax_kernel.hpp"

namespace caffe {

// Softmax along softmax_param.axis (1): y = exp(x - max x) / sum exp(x - max x),
// dx = y * (dy - sum of dy * y).
template <typename T>
class SoftmaxLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "Softmax"; }
  InPlace in_place() const override { return InPlace::kOver; }
  bool backward_reads_bottoms() const override { return false; }
  bool backward_reads_tops() const override { return true; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const int axis = bottom[0]->canonical_axis(this->param_.softmax_param().axis());
    outer_ = bottom[0]->count(0, axis);
    classes_ = bottom[0]->dim(axis);
    inner_ = bottom[0]->count(axis + 1);
    top[0]->reshape(bottom[0]->shape());
  }

 protected:
  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const T* x = bottom[0]->data().read();
    T* y = top[0]->data().write();
    softmax(outer_, classes_, inner_, x, y);
    top[0]->data().written();
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    if (!propagate_down[0]) return;
    const T* y = top[0]->data().read();
    const T* dy = top[0]->diff().read();
    Storage<T>& diff = bottom[0]->diff();
    T* dx = diff.write();
    const int64_t items = outer_ * inner_;
#pragma omp parallel for schedule(static) if (items * classes_ > 16384)
    for (int64_t item = 0; item < items; ++item) {
      const int64_t first = item / inner_ * classes_ * inner_ + item % inner_;
      const int64_t last = first + classes_ * inner_;
      T dot = 0;
      for (int64_t i = first; i < last; i += inner_) dot += dy[i] * y[i];
      for (int64_t i = first; i < last; i += inner_) dx[i] = y[i] * (dy[i] - dot);
    }
    diff.written();
  }

 private:
  int64_t outer_ = 0, classes_ = 0, inner_ = 0;
};

CAFFE_REGISTER_LAYER(Softmax, SoftmaxLayer);

}  // namespace caffe
