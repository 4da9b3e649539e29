#include "caffe/layer_registry.hpp"
#include "caffe/layers/window_param.hpp"
#include "caffe/ops/convolution_op.hpp"

namespace caffe {

// Convolution (cross-correlation: the kernel is not flipped) with zero padding and bias,
// in `group` groups: output channels of group g see the input channels of group g.
//   y[n, o, p] = b[o] + sum over c, k of w[o, c, k] * x[n, c, stride*p - pad + dilation*k]
// Axis `axis` (1) holds channels; axes before it are independent items, axes after it are
// spatial, any number. Several bottoms of one shape share the weights, each has its top.
// Parameters: w (num_output, channels/group, kernel...), b (num_output) if bias_term.
template <typename T>
class ConvolutionLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "Convolution"; }
  CountRange bottom_count() const override { return {1, -1}; }
  CountRange top_count() const override { return {1, -1}; }
  bool equal_bottom_top_count() const override { return true; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const Shape& in = bottom[0]->shape();
    for (size_t i = 1; i < bottom.size(); ++i) {
      this->check(bottom[i]->shape() == in, Code::kShape,
                  "all bottoms must have one shape, but bottom 0 has ", shape_string(in),
                  " and bottom ", i, " has ", shape_string(bottom[i]->shape()));
    }
    this->check(static_cast<int>(in.size()) == axis_ + 1 + spatial_axes_ &&
                    in[axis_] == geometry_.in_channels,
                Code::kShape, "was set up for ", geometry_.in_channels, " channels and ",
                spatial_axes_, " spatial axes, but its bottom now has shape ", shape_string(in));
    geometry_.batch = product(in, 0, axis_);
    geometry_.in.assign(in.begin() + axis_ + 1, in.end());
    shape_output(&geometry_);
    Shape out(in.begin(), in.begin() + axis_);
    out.push_back(geometry_.out_channels);
    out.insert(out.end(), geometry_.out.begin(), geometry_.out.end());
    for (Blob<T>* blob : top) blob->reshape(out);
  }

  void plan(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    geometry_.train = this->train_;
    op_ = create_convolution<T>(geometry_, bottom[0]->format());
    for (Blob<T>* blob : top) blob->set_format(op_->top_format());
    this->blobs_[0]->set_format(op_->weight_format());
  }

 protected:
  void layer_setup(const BlobVec<T>& bottom, const BlobVec<T>&) override {
    const ConvolutionParameter& p = this->param_.convolution_param();
    axis_ = bottom[0]->canonical_axis(p.axis());
    spatial_axes_ = bottom[0]->num_axes() - axis_ - 1;
    read_window(p, spatial_axes_, &geometry_);
    geometry_.in_channels = bottom[0]->dim(axis_);
    geometry_.out_channels = p.num_output();
    geometry_.groups = p.group();
    geometry_.bias = p.bias_term();
    const int64_t groups = geometry_.groups;
    this->check(geometry_.out_channels > 0, Code::kBadNet, "num_output must be positive");
    this->check(groups > 0, Code::kBadNet, "group must be positive");
    this->check(geometry_.in_channels % groups == 0, Code::kShape, "group ", groups,
                " does not divide the ", geometry_.in_channels, " input channels");
    this->check(geometry_.out_channels % groups == 0, Code::kBadNet, "group ", groups,
                " does not divide num_output ", geometry_.out_channels);
    Shape weights = {geometry_.out_channels, geometry_.in_channels / groups};
    weights.insert(weights.end(), geometry_.kernel.begin(), geometry_.kernel.end());
    this->add_param(weights, p.weight_filler());
    if (p.bias_term()) this->add_param({geometry_.out_channels}, p.bias_filler());
  }

  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    Storage<T>* bias = geometry_.bias ? &this->blobs_[1]->data() : nullptr;
    for (size_t i = 0; i < bottom.size(); ++i) {
      op_->forward(bottom[i]->data(), this->blobs_[0]->data(), bias, top[i]->data());
    }
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    this->prepare_backward(bottom, top);
    Storage<T>* dw = this->param_propagate_down(0) ? &this->blobs_[0]->diff() : nullptr;
    Storage<T>* db =
        geometry_.bias && this->param_propagate_down(1) ? &this->blobs_[1]->diff() : nullptr;
    for (size_t i = 0; i < bottom.size(); ++i) {
      if (dw || db) op_->backward_weights(bottom[i]->data(), top[i]->diff(), dw, db);
      if (propagate_down[i]) {
        op_->backward_data(top[i]->diff(), this->blobs_[0]->data(), bottom[i]->diff());
      }
    }
  }

 private:
  int axis_ = 1, spatial_axes_ = 2;
  ConvolutionGeometry geometry_;
  std::unique_ptr<ConvolutionOp<T>> op_;
};

CAFFE_REGISTER_LAYER(Convolution, ConvolutionLayer);

}  // namespace caffe
