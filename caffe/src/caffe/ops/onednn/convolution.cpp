#include "caffe/ops/onednn/onednn_ops.hpp"
#include "caffe/ops/onednn/runtime.hpp"

namespace caffe::onednn {

namespace {

using dnnl::algorithm;
using dnnl::memory;
using dnnl::prop_kind;

// Forward and both backward primitives choose their own formats. Where they disagree the
// storages convert, once per write.
class Convolution : public ConvolutionOp<float> {
 public:
  Convolution(const ConvolutionGeometry& g, const FormatPtr& bottom) : bias_(g.bias) {
    src_dims_ = {g.batch, g.in_channels};
    dst_dims_ = {g.batch, g.out_channels};
    src_dims_.insert(src_dims_.end(), g.in.begin(), g.in.end());
    dst_dims_.insert(dst_dims_.end(), g.out.begin(), g.out.end());
    if (g.groups > 1) weight_dims_ = {g.groups};
    weight_dims_.push_back(g.out_channels / g.groups);
    weight_dims_.push_back(g.in_channels / g.groups);
    weight_dims_.insert(weight_dims_.end(), g.kernel.begin(), g.kernel.end());
    strides_.assign(g.stride.begin(), g.stride.end());
    for (size_t i = 0; i < g.in.size(); ++i) {
      const int64_t extent = g.dilation[i] * (g.kernel[i] - 1) + 1;
      dilates_.push_back(g.dilation[i] - 1);  // oneDNN counts the gaps
      pad_left_.push_back(g.pad[i]);
      pad_right_.push_back((g.out[i] - 1) * g.stride[i] + extent - g.in[i] - g.pad[i]);
    }
    init_forward(g, bottom);
    if (g.train) init_backward(g);
  }

  FormatPtr bottom_format() const override { return src_.format; }
  FormatPtr top_format() const override { return dst_.format; }
  FormatPtr weight_format() const override { return weights_.format; }

  void forward(Storage<float>& x, Storage<float>& w, Storage<float>* b,
               Storage<float>& y) override {
    Args args = {{DNNL_ARG_SRC, src_.read(x)},
                 {DNNL_ARG_WEIGHTS, weights_.read(w)},
                 {DNNL_ARG_DST, dst_.write(y)}};
    if (bias_) args.emplace(DNNL_ARG_BIAS, wrap(bias_desc_, b->read()));
    execute(forward_, forward_scratch_, std::move(args));
    dst_.written(y);
  }

  void backward_data(Storage<float>& dy, Storage<float>& w, Storage<float>& dx) override {
    execute(backward_data_, data_scratch_,
            {{DNNL_ARG_DIFF_DST, data_diff_dst_.read(dy)},
             {DNNL_ARG_WEIGHTS, data_weights_.read(w)},
             {DNNL_ARG_DIFF_SRC, diff_src_.write(dx)}});
    diff_src_.written(dx);
  }

  void backward_weights(Storage<float>& x, Storage<float>& dy, Storage<float>* dw,
                        Storage<float>* db) override {
    GradientTarget weights(diff_weights_, dw);
    GradientTarget bias(diff_bias_, db);
    Args args = {{DNNL_ARG_SRC, weights_src_.read(x)},
                 {DNNL_ARG_DIFF_DST, weights_diff_dst_.read(dy)},
                 {DNNL_ARG_DIFF_WEIGHTS, weights.begin()}};
    if (bias_) args.emplace(DNNL_ARG_DIFF_BIAS, bias.begin());
    execute(backward_weights_, weights_scratch_, std::move(args));
    weights.end();
    if (bias_) bias.end();
  }

 private:
  using Forward = dnnl::convolution_forward;
  using BackwardData = dnnl::convolution_backward_data;
  using BackwardWeights = dnnl::convolution_backward_weights;

  void init_forward(const ConvolutionGeometry& g, const FormatPtr&) {
    bias_desc_ = bias_ ? plain_desc({g.out_channels}) : memory::desc();
    const auto kind = g.train ? prop_kind::forward_training : prop_kind::forward_inference;
    forward_pd_ = Forward::primitive_desc(cpu_engine(), kind, algorithm::convolution_direct,
                                          any_desc(src_dims_), any_desc(weight_dims_), bias_desc_,
                                          any_desc(dst_dims_), strides_, dilates_, pad_left_,
                                          pad_right_, attributes());
    forward_ = Forward(forward_pd_);
    forward_scratch_ = forward_pd_.scratchpad_desc();
    src_ = Operand(forward_pd_.src_desc());
    weights_ = Operand(forward_pd_.weights_desc());
    dst_ = Operand(forward_pd_.dst_desc());
  }

  void init_backward(const ConvolutionGeometry& g) {
    BackwardData::primitive_desc data(
        cpu_engine(), algorithm::convolution_direct, any_desc(src_dims_), any_desc(weight_dims_),
        any_desc(dst_dims_), strides_, dilates_, pad_left_, pad_right_, forward_pd_, attributes());
    backward_data_ = BackwardData(data);
    data_scratch_ = data.scratchpad_desc();
    diff_src_ = Operand(data.diff_src_desc());
    data_weights_ = Operand(data.weights_desc());
    data_diff_dst_ = Operand(data.diff_dst_desc());

    const auto diff_bias = bias_ ? plain_desc({g.out_channels}) : memory::desc();
    BackwardWeights::primitive_desc weights(cpu_engine(), algorithm::convolution_direct,
                                            any_desc(src_dims_), any_desc(weight_dims_), diff_bias,
                                            any_desc(dst_dims_), strides_, dilates_, pad_left_,
                                            pad_right_, forward_pd_, attributes());
    backward_weights_ = BackwardWeights(weights);
    weights_scratch_ = weights.scratchpad_desc();
    weights_src_ = Operand(weights.src_desc());
    weights_diff_dst_ = Operand(weights.diff_dst_desc());
    diff_weights_ = Operand(weights.diff_weights_desc());
    if (bias_) diff_bias_ = Operand(diff_bias);
  }

  bool bias_;
  memory::dims src_dims_, dst_dims_, weight_dims_, strides_, dilates_, pad_left_, pad_right_;
  memory::desc bias_desc_, forward_scratch_, data_scratch_, weights_scratch_;
  Forward::primitive_desc forward_pd_;
  Forward forward_;
  BackwardData backward_data_;
  BackwardWeights backward_weights_;
  Operand src_, weights_, dst_;
  Operand diff_src_, data_weights_, data_diff_dst_;
  Operand weights_src_, weights_diff_dst_, diff_weights_, diff_bias_;
};

}  // namespace

std::unique_ptr<ConvolutionOp<float>> convolution(const ConvolutionGeometry& geometry,
                                                  const FormatPtr& bottom) {
  if (geometry.in.empty() || geometry.in.size() > 3) return nullptr;
  try {
    return std::make_unique<Convolution>(geometry, bottom);
  } catch (const dnnl::error&) {
    return nullptr;  // e.g. unimplemented: another back end takes it
  }
}

}  // namespace caffe::onednn
