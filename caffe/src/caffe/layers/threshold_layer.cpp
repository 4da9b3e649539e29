#include "caffe/layers/elementwise_layer.hpp"

namespace caffe {

// y = [x > t], t = threshold_param.threshold (0). It has no gradient.
template <typename T>
class ThresholdLayer : public ElementwiseLayer<T> {
 public:
  ThresholdLayer(const LayerParameter& param, const LayerContext& context)
      : ElementwiseLayer<T>(param, context), threshold_(param.threshold_param().threshold()) {}
  const char* type() const override { return "Threshold"; }

 protected:
  using typename ElementwiseLayer<T>::Range;

  void forward_range(const T* x, T* y, Range range) const override {
    for (int64_t i = 0; i < range.n; ++i) y[i] = x[i] > threshold_ ? T(1) : T(0);
  }

  void backward_range(const T*, const T*, const T*, T*, Range) const override {}

  void backward_pass(const BlobVec<T>&, const std::vector<bool>& propagate_down,
                     const BlobVec<T>&) override {
    this->check(!propagate_down[0], Code::kUnsupported, "a threshold has no gradient");
  }

  bool keeps_zero() const override { return threshold_ >= T(0); }

 private:
  const T threshold_;
};

CAFFE_REGISTER_LAYER(Threshold, ThresholdLayer);

}  // namespace caffe
