#include <algorithm>
#include <utility>
#include <vector>

#include "caffe/copy_values.hpp"
#include "caffe/layers/convolution_base_layer.hpp"
#include "caffe/layers/followers.hpp"

namespace caffe {

// Convolution (cross-correlation: the kernel is not flipped) with zero padding and bias,
// in `group` groups: output channels of group g see the input channels of group g.
//   y[n, o, p] = b[o] + sum over c, k of w[o, c, k] * x[n, c, stride*p - pad + dilation*k]
// Output extent: floor((in + 2*pad - e) / stride) + 1, e = dilation * (kernel - 1) + 1.
// Parameters: w (num_output, channels/group, kernel...), b (num_output) if bias_term.
template <typename T>
class ConvolutionLayer : public ConvolutionBaseLayer<T> {
 public:
  using ConvolutionBaseLayer<T>::ConvolutionBaseLayer;
  const char* type() const override { return "Convolution"; }
  const Op* main_op() const override { return fused_op_ ? fused_op_.get() : this->op_.get(); }

  void plan(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    this->geometry_.bias = this->has_bias();
    this->geometry_.train = this->train_;
    this->op_ = nullptr;
    ConvolutionGeometry fused = this->geometry_;
    fused.sum = sum_;
    fused.relu = relu_;
    fused.bias = this->has_bias() || !affine_.empty();
    fused_op_ = this->followers() > 0 ? create_convolution<T>(fused, bottom[0]->format()) : nullptr;
    const FormatPtr format = (fused_op_ ? *fused_op_ : op(bottom)).top_format();
    for (Blob<T>* blob : top) blob->set_format(format);
  }

 protected:
  // Affine layers, whose numbers go into the weights, a sum and a ReLU. Where there is a backward
  // pass, the affine ones need values of their own and are not among the followers.
  int absorb(const std::vector<Layer<T>*>& followers) override {
    size_t taken = 0;
    while (this->phase_ == TEST && taken < followers.size() && followers[taken]->is_affine())
      ++taken;
    affine_.assign(followers.begin(), followers.begin() + taken);
    sum_ = this->phase_ == TEST && taken < followers.size() && followers[taken]->adds_two();
    if (sum_) ++taken;
    relu_ = begins_with_relu<T>({followers.begin() + taken, followers.end()});
    return static_cast<int>(taken) + (relu_ ? 1 : 0);
  }

  bool transposed() const override { return false; }

  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    for (size_t i = 0; i < bottom.size(); ++i) {
      op(bottom).forward(bottom[i]->data(), this->blobs_[0]->data(), bias(), top[i]->data());
    }
  }

  void forward_with_followers(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const bool folds = !affine_.empty();
    if (folds) fold();
    Storage<T>&x = bottom[0]->data(), &y = top[0]->data();
    Storage<T>& w = folds ? folded_weights_ : this->blobs_[0]->data();
    Storage<T>* const b = folds ? &folded_bias_ : bias();
    if (!sum_) return fused_op_->forward(x, w, b, y);
    if (bottom[1] != top[0]) {
      const FormatPtr format = fused_op_->top_format();
      const int64_t count = stored_count(format, top[0]->count());
      copy_values(bottom[1]->data().read(format), count, y.write(format));
      y.written(format);
    }
    fused_op_->forward_sum(x, w, b, y);
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    this->prepare_backward(bottom, top);
    Storage<T>*dw = this->weight_diff(), *db = this->bias_diff();
    for (size_t i = 0; i < bottom.size(); ++i) {
      if (dw || db) op(bottom).backward_weights(bottom[i]->data(), top[i]->diff(), dw, db);
      if (propagate_down[i]) {
        op(bottom).backward_data(top[i]->diff(), this->blobs_[0]->data(), bottom[i]->diff());
      }
    }
  }

 private:
  Storage<T>* bias() const { return this->has_bias() ? &this->blobs_[1]->data() : nullptr; }

  // Made when it is needed: a net that only runs forward may never need it.
  ConvolutionOp<T>& op(const BlobVec<T>& bottom) {
    if (!this->op_) this->op_ = create_convolution<T>(this->geometry_, bottom[0]->format());
    return *this->op_;
  }

  // What the folded weights are made of, and in which state.
  std::vector<std::pair<const Storage<T>*, uint64_t>> sources(bool* known) const {
    std::vector<std::pair<const Storage<T>*, uint64_t>> all;
    const auto add = [&](const Layer<T>& layer) {
      for (const auto& blob : layer.blobs()) {
        all.emplace_back(&blob->data(), blob->data().version());
        *known = *known && !blob->data().pinned();
      }
    };
    add(*this);
    for (const Layer<T>* layer : affine_) add(*layer);
    return all;
  }

  // (w * x + b) * factor + shift = (w * factor) * x + (b * factor + shift)
  void fold() {
    bool known = true;
    auto now = sources(&known);
    if (known && now == folded_from_) return;
    const int64_t outputs = this->geometry_.out_channels, count = this->blobs_[0]->count();
    std::vector<T> factor(outputs, T(1)), shift(outputs, T(0));
    if (this->has_bias()) std::copy_n(bias()->read(), outputs, shift.begin());
    for (const Layer<T>* layer : affine_) layer->compose(&factor, &shift);
    folded_weights_.resize(count);
    folded_bias_.resize(outputs);
    const T* from = this->blobs_[0]->data().read();
    T* to = folded_weights_.write();
    for (int64_t i = 0; i < count; ++i) to[i] = from[i] * factor[i / (count / outputs)];
    folded_weights_.written();
    std::copy(shift.begin(), shift.end(), folded_bias_.write());
    folded_bias_.written();
    folded_from_ = std::move(now);
  }

  // Forward, with the layers behind.
  std::unique_ptr<ConvolutionOp<T>> fused_op_;
  bool sum_ = false, relu_ = false;
  std::vector<const Layer<T>*> affine_;
  Storage<T> folded_weights_, folded_bias_;
  std::vector<std::pair<const Storage<T>*, uint64_t>> folded_from_;
};

CAFFE_REGISTER_LAYER(Convolution, ConvolutionLayer);

}  // namespace caffe
