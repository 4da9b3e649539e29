#include <algorithm>

#include "caffe/layers/elementwise_layer.hpp"

namespace caffe {

// Clips values to clip_param's bounds: y = max(min, min(x, max)), dx = dy * [min <= x <= max].
template <typename T>
class ClipLayer : public ElementwiseLayer<T> {
 public:
  ClipLayer(const LayerParameter& param, const LayerContext& context)
      : ElementwiseLayer<T>(param, context),
        low_(param.clip_param().min()),
        high_(param.clip_param().max()) {}
  const char* type() const override { return "Clip"; }

 protected:
  using typename ElementwiseLayer<T>::Range;

  void layer_setup(const BlobVec<T>&, const BlobVec<T>&) override {
    this->check(this->param_.has_clip_param(), Code::kBadNet, "clip_param needs min and max");
  }

  void forward_range(const T* x, T* y, Range range) const override {
    for (int64_t i = 0; i < range.n; ++i) y[i] = std::max(low_, std::min(x[i], high_));
  }

  void backward_range(const T* x, const T*, const T* dy, T* dx, Range range) const override {
    for (int64_t i = 0; i < range.n; ++i) {
      dx[i] = x[i] >= low_ && x[i] <= high_ ? dy[i] : T(0);
    }
  }

  bool keeps_zero() const override { return low_ <= T(0) && T(0) <= high_; }
  bool backward_reads_input() const override { return true; }

 private:
  const T low_, high_;
};

CAFFE_REGISTER_LAYER(Clip, ClipLayer);

}  // namespace caffe
