// Ops on oneDNN (float only). Each creator returns null if oneDNN cannot do the op by
// Caffe's rules; `bottom` is the format in which the bottom will be.
#pragma once

#include <memory>

#include "caffe/ops/batch_norm_op.hpp"
#include "caffe/ops/convolution_op.hpp"
#include "caffe/ops/inner_product_op.hpp"
#include "caffe/ops/pooling_op.hpp"

namespace caffe::onednn {

std::unique_ptr<ConvolutionOp<float>> convolution(const ConvolutionGeometry& geometry,
                                                  const FormatPtr& bottom);
std::unique_ptr<InnerProductOp<float>> inner_product(const InnerProductGeometry& geometry,
                                                     const FormatPtr& bottom);
std::unique_ptr<PoolingOp<float>> pooling(const PoolingGeometry& geometry, const FormatPtr& bottom);
std::unique_ptr<BatchNormOp<float>> batch_norm(const BatchNormGeometry& geometry,
                                               const FormatPtr& bottom);

}  // namespace caffe::onednn
