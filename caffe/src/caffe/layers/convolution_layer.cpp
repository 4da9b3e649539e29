#include "caffe/layers/convolution_base_layer.hpp"

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

  void plan(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    this->geometry_.bias = this->has_bias();
    this->geometry_.train = this->train_;
    this->op_ = create_convolution<T>(this->geometry_, bottom[0]->format());
    for (Blob<T>* blob : top) blob->set_format(this->op_->top_format());
    this->blobs_[0]->set_format(this->op_->weight_format());
  }

 protected:
  bool transposed() const override { return false; }

  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    Storage<T>* bias = this->has_bias() ? &this->blobs_[1]->data() : nullptr;
    for (size_t i = 0; i < bottom.size(); ++i) {
      this->op_->forward(bottom[i]->data(), this->blobs_[0]->data(), bias, top[i]->data());
    }
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    this->prepare_backward(bottom, top);
    Storage<T>*dw = this->weight_diff(), *db = this->bias_diff();
    for (size_t i = 0; i < bottom.size(); ++i) {
      if (dw || db) this->op_->backward_weights(bottom[i]->data(), top[i]->diff(), dw, db);
      if (propagate_down[i]) {
        this->op_->backward_data(top[i]->diff(), this->blobs_[0]->data(), bottom[i]->diff());
      }
    }
  }
};

CAFFE_REGISTER_LAYER(Convolution, ConvolutionLayer);

}  // namespace caffe
