#include <algorithm>

#include "caffe/layer_registry.hpp"
#include "caffe/ops/lrn_op.hpp"

namespace caffe {

// Local response normalisation: y = x * s^-beta. ACROSS_CHANNELS: s = k + alpha/n * sum of
// x^2 over the n = local_size channels around. WITHIN_CHANNEL: s = 1 + alpha/n^2 * sum of
// x^2 over the n x n window around. Outside counts as 0. In place, it keeps its input for backward.
// Krizhevsky et al., ImageNet classification with deep convolutional neural networks, 2012.
template <typename T>
class LRNLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "LRN"; }
  bool backward_reads_tops() const override { return true; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const Shape& in = bottom[0]->shape();
    this->check(in.size() == 4, Code::kShape, "needs a bottom with 4 axes, has shape ",
                shape_string(in));
    geometry_.batch = in[0];
    geometry_.channels = in[1];
    geometry_.height = in[2];
    geometry_.width = in[3];
    if (top[0] != bottom[0]) top[0]->reshape(in);
  }

  void plan(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    geometry_.train = this->train_;
    op_ = create_lrn<T>(geometry_, bottom[0]->format());
    top[0]->set_format(op_->top_format());
  }

 protected:
  void layer_setup(const BlobVec<T>&, const BlobVec<T>&) override {
    const LRNParameter& p = this->param_.lrn_param();
    this->check(p.local_size() % 2 == 1, Code::kBadNet, "local_size must be odd, is ",
                p.local_size());
    geometry_.size = p.local_size();
    geometry_.alpha = p.alpha();
    geometry_.beta = p.beta();
    geometry_.k = p.k();
    geometry_.within_channel = p.norm_region() == LRNParameter::WITHIN_CHANNEL;
  }

  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    op_->forward(input(bottom, top, true), top[0]->data());
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    if (!propagate_down[0]) return;
    if (this->prepare_backward(bottom, top)) {
      Storage<T> output(top[0]->count());
      op_->forward(input(bottom, top, false), output);
    }
    Storage<T>& dy = top[0]->diff();
    if (bottom[0] == top[0]) copy(dy, &kept_diff_);
    op_->backward(input(bottom, top, false), top[0]->data(), bottom[0] == top[0] ? kept_diff_ : dy,
                  bottom[0]->diff());
  }

 private:
  // The bottom's values; in place, those that the last forward pass kept. `fresh`: keep them.
  Storage<T>& input(const BlobVec<T>& bottom, const BlobVec<T>& top, bool fresh) {
    if (bottom[0] != top[0]) return bottom[0]->data();
    if (fresh) copy(bottom[0]->data(), &kept_input_);
    return kept_input_;
  }

  static void copy(Storage<T>& from, Storage<T>* to) {
    to->keep_only_plain();
    to->resize(from.count());
    std::copy_n(from.read(), from.count(), to->write());
    to->written();
  }

  LrnGeometry geometry_;
  std::unique_ptr<LrnOp<T>> op_;
  Storage<T> kept_input_, kept_diff_;  // when run in place
};

CAFFE_REGISTER_LAYER(LRN, LRNLayer);

}  // namespace caffe
