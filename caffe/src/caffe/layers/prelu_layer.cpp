#include <numeric>
#include <vector>

#include "caffe/layer_registry.hpp"
#include "caffe/layers/broadcast.hpp"

namespace caffe {

// Parametric rectified linear unit: y = max(x, 0) + a_c * min(x, 0) with one slope a_c for
// every channel (axis 1), or a single one if prelu_param.channel_shared.
// dx = dy * ([x > 0] + a_c * [x <= 0]), da_c += sum of dy * x * [x <= 0].
// Parameter: a (C), or a scalar if shared; filled with 0.25 unless `filler` says otherwise.
// He et al., Delving deep into rectifiers, 2015.
template <typename T>
class PReLULayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "PReLU"; }
  InPlace in_place() const override { return InPlace::kOver; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    this->check(bottom[0]->num_axes() >= 2, Code::kShape,
                "needs a bottom with at least 2 axes, has shape ",
                shape_string(bottom[0]->shape()));
    this->check(shared() || bottom[0]->dim(1) == slopes_, Code::kShape, "was set up for ", slopes_,
                " channels, but its bottom now has shape ", shape_string(bottom[0]->shape()));
    shape_ = {bottom[0]->dim(0), bottom[0]->dim(1), bottom[0]->count(2)};
    top[0]->reshape(bottom[0]->shape());
  }

  void plan(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    format_ = channel_format(*bottom[0]);
    shape_.block = channel_block(format_);
    top[0]->set_format(format_);
  }

 protected:
  void layer_setup(const BlobVec<T>& bottom, const BlobVec<T>&) override {
    this->check(bottom[0]->num_axes() >= 2, Code::kShape,
                "needs a bottom with at least 2 axes, has shape ",
                shape_string(bottom[0]->shape()));
    const PReLUParameter& p = this->param_.prelu_param();
    FillerParameter quarter;
    quarter.set_value(0.25f);
    slopes_ = shared() ? 1 : bottom[0]->dim(1);
    this->add_param(shared() ? Shape{} : Shape{slopes_}, p.has_filler() ? p.filler() : quarter);
  }

  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const std::vector<T> slopes = slope_of_channels();
    const T *a = slopes.data(), *x = bottom[0]->data().read(format_);
    T* y = top[0]->data().write(format_);
    shape_.for_all<T>([=](auto place) {
      const auto value = place(x);
      const decltype(value) zero = {};
      place.set(y, value < zero ? value * place.channel(a) : value);
    });
    top[0]->data().written(format_);
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    const T* x = bottom[0]->data().read(format_);
    const T* dy = top[0]->diff().read(format_);
    if (this->param_propagate_down(0)) add_slope_diff(x, dy);
    if (!propagate_down[0]) return;
    const std::vector<T> slopes = slope_of_channels();
    T* dx = bottom[0]->diff().write(format_);
    shape_.for_all<T>([=, a = slopes.data()](auto place) {
      const auto value = place(x), gradient = place(dy);
      const decltype(value) zero = {};
      place.set(dx, value > zero ? gradient : gradient * place.channel(a));
    });
    bottom[0]->diff().written(format_);
  }

 private:
  bool shared() const { return this->param_.prelu_param().channel_shared(); }

  std::vector<T> slope_of_channels() const {
    const T* a = this->blobs_[0]->data().read();
    return shared() ? std::vector<T>(shape_.padded(), *a) : padded_channels(shape_, a);
  }

  void add_slope_diff(const T* x, const T* dy) {
    std::vector<double> sums = shape_.sums<T>([=](auto place) {
      const auto value = place(x);
      const decltype(value) zero = {};
      return place(dy) * (value < zero ? value : zero);
    })[0];
    if (shared()) sums = {std::accumulate(sums.begin(), sums.end(), 0.0)};
    add_sums(sums, &this->blobs_[0]->diff());
  }

  int64_t slopes_ = 1;
  ChannelBlocks shape_;
  FormatPtr format_;
};

CAFFE_REGISTER_LAYER(PReLU, PReLULayer);

}  // namespace caffe
