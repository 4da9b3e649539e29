// The common part of Convolution and Deconvolution.
#pragma once

#include <memory>

#include "caffe/layer.hpp"
#include "caffe/layer_registry.hpp"
#include "caffe/ops/convolution_op.hpp"

namespace caffe {

// Reads convolution_param, makes the parameters and shapes the tops. Axis `axis` (1) holds
// channels; axes before it are independent items, axes after it are spatial, any number.
// Several bottoms of one shape share the weights, each has its top.
//
// `geometry_` describes a convolution. Convolution runs it from bottom to top; for
// Deconvolution, its adjoint, the bottom is that convolution's output.
template <typename T>
class ConvolutionBaseLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  CountRange bottom_count() const override { return {1, -1}; }
  CountRange top_count() const override { return {1, -1}; }
  bool equal_bottom_top_count() const override { return true; }
  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override;

 protected:
  virtual bool transposed() const = 0;
  void layer_setup(const BlobVec<T>& bottom, const BlobVec<T>& top) override;

  // The parameters' gradients, null if they are not wanted.
  Storage<T>* weight_diff() const {
    return this->param_propagate_down(0) ? &this->blobs_[0]->diff() : nullptr;
  }
  Storage<T>* bias_diff() const {
    return has_bias() && this->param_propagate_down(1) ? &this->blobs_[1]->diff() : nullptr;
  }
  bool has_bias() const { return this->param_.convolution_param().bias_term(); }

  ConvolutionGeometry geometry_;
  std::unique_ptr<ConvolutionOp<T>> op_;

 private:
  int axis_ = 1, spatial_axes_ = 2;
};

}  // namespace caffe
