// The reference back end: plain loops in plain order, for float and double. It can do
// every geometry and is what other back ends are compared with.
#pragma once

#include <memory>

#include "caffe/ops/batch_norm_op.hpp"
#include "caffe/ops/convolution_op.hpp"
#include "caffe/ops/inner_product_op.hpp"
#include "caffe/ops/lrn_op.hpp"
#include "caffe/ops/pooling_op.hpp"

namespace caffe {
namespace reference {

template <typename T>
std::unique_ptr<ConvolutionOp<T>> convolution(const ConvolutionGeometry& geometry);

template <typename T>
std::unique_ptr<InnerProductOp<T>> inner_product(const InnerProductGeometry& geometry);

template <typename T>
std::unique_ptr<PoolingOp<T>> pooling(const PoolingGeometry& geometry);

template <typename T>
std::unique_ptr<LrnOp<T>> lrn(const LrnGeometry& geometry);

template <typename T>
std::unique_ptr<BatchNormOp<T>> batch_norm(const BatchNormGeometry& geometry,
                                           const FormatPtr& bottom);

}  // namespace reference
}  // namespace caffe
