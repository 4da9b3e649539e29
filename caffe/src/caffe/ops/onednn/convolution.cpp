#include "caffe/ops/onednn/linear_op.hpp"
#include "caffe/ops/onednn/onednn_ops.hpp"

namespace caffe::onednn {

namespace {

using dnnl::memory;
using Forward = dnnl::convolution_forward;
using BackwardData = dnnl::convolution_backward_data;
using BackwardWeights = dnnl::convolution_backward_weights;

constexpr auto kDirect = dnnl::algorithm::convolution_direct;

class Convolution : public LinearOp<ConvolutionOp<float>, Forward, BackwardData, BackwardWeights> {
 public:
  explicit Convolution(const ConvolutionGeometry& g)
      : LinearOp(g.bias ? g.out_channels : 0, /*plain_weights=*/false) {
    memory::dims src = {g.batch, g.in_channels}, dst = {g.batch, g.out_channels};
    src.insert(src.end(), g.in.begin(), g.in.end());
    dst.insert(dst.end(), g.out.begin(), g.out.end());
    memory::dims weights;
    if (g.groups > 1) weights = {g.groups};
    weights.push_back(g.out_channels / g.groups);
    weights.push_back(g.in_channels / g.groups);
    weights.insert(weights.end(), g.kernel.begin(), g.kernel.end());
    memory::dims dilates, left, right;
    for (size_t i = 0; i < g.in.size(); ++i) {
      const int64_t extent = g.dilation[i] * (g.kernel[i] - 1) + 1;
      dilates.push_back(g.dilation[i] - 1);  // oneDNN counts the gaps
      left.push_back(g.pad[i]);
      right.push_back((g.out[i] - 1) * g.stride[i] + extent - g.in[i] - g.pad[i]);
    }

    const auto kind =
        g.train ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
    const Forward::primitive_desc forward(cpu_engine(), kind, kDirect, any_desc(src),
                                          any_desc(weights), bias_desc(), any_desc(dst), g.stride,
                                          dilates, left, right, attributes());
    set_forward(forward);
    if (!g.train) return;
    set_backward(BackwardData::primitive_desc(cpu_engine(), kDirect, any_desc(src),
                                              any_desc(weights), any_desc(dst), g.stride, dilates,
                                              left, right, forward, attributes()),
                 BackwardWeights::primitive_desc(
                     cpu_engine(), kDirect, any_desc(src), any_desc(weights), bias_desc(),
                     any_desc(dst), g.stride, dilates, left, right, forward, attributes()));
  }

  FormatPtr bottom_format() const override { return src().format; }
  FormatPtr top_format() const override { return dst().format; }
};

}  // namespace

std::unique_ptr<ConvolutionOp<float>> convolution(const ConvolutionGeometry& geometry,
                                                  const FormatPtr& /*bottom*/) {
  const ConvolutionGeometry& g = geometry;
  if (g.in.empty() || g.in.size() > 3) return nullptr;
  if (!are_moderate({g.in, g.out, g.kernel, g.stride, g.pad, g.dilation})) return nullptr;
  try {
    return std::make_unique<Convolution>(geometry);
  } catch (const dnnl::error&) {
    return nullptr;  // e.g. unimplemented: another back end takes it
  }
}

}  // namespace caffe::onednn
