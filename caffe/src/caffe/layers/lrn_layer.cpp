#include <algorithm>

#include "caffe/layer_registry.hpp"
#include "caffe/ops/lrn_op.hpp"

namespace caffe {

// Local response normalisation: y = x * s^-beta. ACROSS_CHANNELS: s = k + alpha/n * sum of
// x^2 over the n = local_size channels around. WITHIN_CHANNEL: s = 1 + alpha/n^2 * sum of
// x^2 over the n x n window around. Outside counts as 0.
// Krizhevsky et al., ImageNet classification with deep convolutional neural networks, 2012.
template <typename T>
class LRNLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "LRN"; }
  const Op* main_op() const override { return op_.get(); }
  bool backward_reads_tops() const override { return true; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const Shape& in = bottom[0]->shape();
    this->check(in.size() == 4, Code::kShape, "needs a bottom with 4 axes, has shape ",
                shape_string(in));
    geometry_.batch = in[0];
    geometry_.channels = in[1];
    geometry_.height = in[2];
    geometry_.width = in[3];
    top[0]->reshape(in);
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
    op_->forward(bottom[0]->data(), top[0]->data());
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    if (!propagate_down[0]) return;
    if (this->prepare_backward(bottom, top)) {
      Storage<T> output(top[0]->count());
      op_->forward(bottom[0]->data(), output);
    }
    op_->backward(bottom[0]->data(), top[0]->data(), top[0]->diff(), bottom[0]->diff());
  }

 private:
  LrnGeometry geometry_;
  std::unique_ptr<LrnOp<T>> op_;
};

CAFFE_REGISTER_LAYER(LRN, LRNLayer);

}  // namespace caffe
