// Ops of our own vector code (float only), for what oneDNN does badly. Each creator returns null
// if it cannot do the op; `bottom` is the format in which the bottom will be.
#pragma once

#include <memory>

#include "caffe/ops/lrn_op.hpp"
#include "caffe/ops/simd/isa.hpp"

namespace caffe::simd {

std::unique_ptr<LrnOp<float>> lrn(const LrnGeometry& geometry, const FormatPtr& bottom);
// With these instructions, which the CPU must have.
std::unique_ptr<LrnOp<float>> lrn_on(Isa isa, const LrnGeometry& geometry, const FormatPtr& bottom);

}  // namespace caffe::simd
