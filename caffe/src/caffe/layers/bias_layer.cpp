#include "caffe/layer_registry.hpp"
#include "caffe/layers/broadcast.hpp"

namespace caffe {

// y = x + b, b repeated over the axes of x that it does not have. b is a parameter of
// bias_param.num_axes (1) axes from `axis` (1) on, or the second bottom. dx = dy, db = sums
// of dy over the repeats.
template <typename T>
class BiasLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "Bias"; }
  CountRange bottom_count() const override { return {1, 2}; }
  InPlace in_place() const override { return InPlace::kOver; }
  bool backward_reads_bottoms() const override { return false; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    extents_ = broadcast(*bottom[0], operand(bottom), this->param_.bias_param().axis());
    top[0]->reshape(bottom[0]->shape());
  }

  void plan(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    format_ = broadcast_format(*bottom[0], extents_);
    extents_.block = channel_block(format_);
    top[0]->set_format(format_);
  }

 protected:
  void layer_setup(const BlobVec<T>& bottom, const BlobVec<T>&) override {
    if (bottom.size() > 1) return;
    const BiasParameter& p = this->param_.bias_param();
    this->add_param(operand_shape(*bottom[0], p.axis(), p.num_axes()), p.filler());
  }

  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const std::vector<T> shifts = padded_channels(extents_, operand(bottom).data().read());
    const T *x = bottom[0]->data().read(format_), *b = shifts.data();
    Storage<T>& out = top[0]->data();
    T* y = out.write(format_);
    extents_.template for_all<T>([=](auto place) { place.set(y, place(x) + place.channel(b)); });
    out.written(format_);
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    const T* dy = top[0]->diff().read(format_);
    const bool learned = bottom.size() == 1;
    if (!learned && propagate_down[1]) bottom[1]->diff().set_zero();
    if (learned ? this->param_propagate_down(0) : propagate_down[1]) {
      const auto sums = extents_.template sums<T>([=](auto place) { return place(dy); });
      add_sums(sums[0], learned ? &this->blobs_[0]->diff() : &bottom[1]->diff());
    }
    if (propagate_down[0] && bottom[0]->diff_ptr() != top[0]->diff_ptr()) {
      T* dx = bottom[0]->diff().write(format_);
      extents_.template for_all<T>([=](auto place) { place.set(dx, place(dy)); });
      bottom[0]->diff().written(format_);
    }
  }

 private:
  Blob<T>& operand(const BlobVec<T>& bottom) const {
    return bottom.size() > 1 ? *bottom[1] : *this->blobs_[0];
  }

  ChannelBlocks extents_;
  FormatPtr format_;
};

CAFFE_REGISTER_LAYER(Bias, BiasLayer);

}  // namespace caffe
