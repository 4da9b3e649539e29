#include "caffe/layer_registry.hpp"
#include "caffe/layers/broadcast.hpp"

namespace caffe {

// y = x * s (+ b if bias_term), s and b repeated over the axes of x that they do not have.
// s is a parameter of scale_param.num_axes (1) axes from `axis` (1) on, filled with 1 unless
// `filler` says otherwise, or the second bottom. dx = dy * s, ds = sums of dy * x, db = sums
// of dy over the repeats.
template <typename T>
class ScaleLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "Scale"; }
  CountRange bottom_count() const override { return {1, 2}; }
  InPlace in_place() const override { return InPlace::kOver; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const int axis = this->param_.scale_param().axis();
    extents_ = broadcast(*bottom[0], factor(bottom), axis);
    if (has_bias()) broadcast(*bottom[0], *this->blobs_.back(), axis);
    top[0]->reshape(bottom[0]->shape());
  }

  bool is_affine() const override {
    return this->param_.bottom_size() == 1 && this->param_.scale_param().axis() == 1 &&
           this->blobs_[0]->num_axes() == 1;
  }
  void compose(std::vector<T>* factor, std::vector<T>* shift) const override {
    const T* scales = this->blobs_[0]->data().read();
    const T* shifts = has_bias() ? this->blobs_[1]->data().read() : nullptr;
    for (size_t c = 0; c < factor->size(); ++c) {
      (*factor)[c] *= scales[c];
      (*shift)[c] = (*shift)[c] * scales[c] + (shifts == nullptr ? T(0) : shifts[c]);
    }
  }

  void plan(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    format_ = broadcast_format(*bottom[0], extents_);
    extents_.block = channel_block(format_);
    top[0]->set_format(format_);
  }

 protected:
  void layer_setup(const BlobVec<T>& bottom, const BlobVec<T>&) override {
    const ScaleParameter& p = this->param_.scale_param();
    FillerParameter ones;
    ones.set_value(1);
    const Shape shape =
        bottom.size() > 1 ? bottom[1]->shape() : operand_shape(*bottom[0], p.axis(), p.num_axes());
    if (bottom.size() == 1) this->add_param(shape, p.has_filler() ? p.filler() : ones);
    if (has_bias()) this->add_param(shape, p.bias_filler());
  }

  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const std::vector<T> scales = padded_channels(extents_, factor(bottom).data().read());
    const std::vector<T> shifts =
        has_bias() ? padded_channels(extents_, this->blobs_.back()->data().read())
                   : std::vector<T>(extents_.padded());
    const T *s = scales.data(), *b = shifts.data(), *x = bottom[0]->data().read(format_);
    T* y = top[0]->data().write(format_);
    extents_.template for_all<T>(
        [=](auto place) { place.set(y, place(x) * place.channel(s) + place.channel(b)); });
    top[0]->data().written(format_);
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    const bool learned = bottom.size() == 1;
    const int bias_index = learned ? 1 : 0;
    const T* x = bottom[0]->data().read(format_);
    const T* dy = top[0]->diff().read(format_);
    const bool bias = has_bias() && this->param_propagate_down(bias_index);
    if (!learned && propagate_down[1]) bottom[1]->diff().set_zero();
    if (bias || (learned ? this->param_propagate_down(0) : propagate_down[1])) {
      const auto sums = extents_.template sums<T>([=](auto place) { return place(dy); },
                                                  [=](auto place) { return place(dy) * place(x); });
      if (bias) add_sums(sums[0], &this->blobs_[bias_index]->diff());
      if (learned && this->param_propagate_down(0)) add_sums(sums[1], &this->blobs_[0]->diff());
      if (!learned && propagate_down[1]) add_sums(sums[1], &bottom[1]->diff());
    }
    if (!propagate_down[0]) return;
    const std::vector<T> scales = padded_channels(extents_, factor(bottom).data().read());
    Storage<T>& diff = bottom[0]->diff();
    T* dx = diff.write(format_);
    extents_.template for_all<T>(
        [=, s = scales.data()](auto place) { place.set(dx, place(dy) * place.channel(s)); });
    diff.written(format_);
  }

 private:
  bool has_bias() const { return this->param_.scale_param().bias_term(); }
  Blob<T>& factor(const BlobVec<T>& bottom) const {
    return bottom.size() > 1 ? *bottom[1] : *this->blobs_[0];
  }

  ChannelBlocks extents_;
  FormatPtr format_;
};

CAFFE_REGISTER_LAYER(Scale, ScaleLayer);

}  // namespace caffe
