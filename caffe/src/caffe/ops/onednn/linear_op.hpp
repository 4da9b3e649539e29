// What convolution and inner product have in common on oneDNN: three primitives over a
// bottom, weights and a bias, each of which chooses its own formats.
#pragma once

#include <utility>

#include "caffe/ops/onednn/runtime.hpp"

namespace caffe::onednn {

// `Interface` is ConvolutionOp<float> or InnerProductOp<float>, the others are oneDNN's
// primitives. Where these disagree on a format the storages convert, once per write.
template <typename Interface, typename Forward, typename BackwardData, typename BackwardWeights>
class LinearOp : public Interface {
 public:
  void forward(Storage<float>& x, Storage<float>& w, Storage<float>* b,
               Storage<float>& y) override {
    Args args;
    if (rectified_) add_rectifier(&args);
    run_forward(x, w, b, dst_.write(y), std::move(args));
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
    GradientTarget weights(diff_weights_, dw, GradientTarget::kWeights);
    GradientTarget bias(diff_bias_, db, GradientTarget::kBias);
    Args args = {{DNNL_ARG_SRC, weights_src_.read(x)},
                 {DNNL_ARG_DIFF_DST, weights_diff_dst_.read(dy)},
                 {DNNL_ARG_DIFF_WEIGHTS, weights.begin()}};
    if (bias_) args.emplace(DNNL_ARG_DIFF_BIAS, bias.begin());
    execute(backward_weights_, weights_scratch_, std::move(args));
    weights.end();
    if (bias_) bias.end();
  }

 protected:
  // outputs: length of the bias; 0: none. plain_weights: a strided order that the primitives
  // were given is the blob's own. rectified: forward is to rectify, as the primitive was told.
  LinearOp(int64_t outputs, bool plain_weights, bool rectified)
      : bias_(outputs > 0),
        plain_weights_(plain_weights),
        rectified_(rectified),
        bias_desc_(bias_ ? plain_desc({outputs}) : dnnl::memory::desc()) {}

  // more: what the primitive takes besides.
  void run_forward(Storage<float>& x, Storage<float>& w, Storage<float>* b, const dnnl::memory& y,
                   Args more) {
    more.emplace(DNNL_ARG_SRC, src_.read(x));
    more.emplace(DNNL_ARG_WEIGHTS, weights_.read(w));
    if (bias_) more.emplace(DNNL_ARG_BIAS, wrap(bias_desc_, b->read()));
    more.emplace(DNNL_ARG_DST, y);
    execute(forward_, forward_scratch_, std::move(more));
  }

  void set_forward(const typename Forward::primitive_desc& forward) {
    forward_ = Forward(forward);
    forward_scratch_ = forward.scratchpad_desc();
    src_ = Operand(forward.src_desc());
    weights_ = weight_operand(forward.weights_desc());
    dst_ = Operand(forward.dst_desc());
  }

  void set_backward(const typename BackwardData::primitive_desc& data,
                    const typename BackwardWeights::primitive_desc& weights) {
    backward_data_ = BackwardData(data);
    data_scratch_ = data.scratchpad_desc();
    diff_src_ = Operand(data.diff_src_desc());
    data_weights_ = weight_operand(data.weights_desc());
    data_diff_dst_ = Operand(data.diff_dst_desc());

    backward_weights_ = BackwardWeights(weights);
    weights_scratch_ = weights.scratchpad_desc();
    weights_src_ = Operand(weights.src_desc());
    weights_diff_dst_ = Operand(weights.diff_dst_desc());
    diff_weights_ = weight_operand(weights.diff_weights_desc());
    if (bias_) diff_bias_ = Operand(bias_desc_);
  }

  const dnnl::memory::desc& bias_desc() const { return bias_desc_; }
  const Operand& src() const { return src_; }
  const Operand& dst() const { return dst_; }

 private:
  Operand weight_operand(const dnnl::memory::desc& desc) const {
    Operand operand(desc);
    if (plain_weights_) operand.format = nullptr;
    return operand;
  }

  const bool bias_, plain_weights_, rectified_;
  const dnnl::memory::desc bias_desc_;
  dnnl::memory::desc forward_scratch_, data_scratch_, weights_scratch_;
  Forward forward_;
  BackwardData backward_data_;
  BackwardWeights backward_weights_;
  Operand src_, weights_, dst_;
  Operand diff_src_, data_weights_, data_diff_dst_;
  Operand weights_src_, weights_diff_dst_, diff_weights_, diff_bias_;
};

}  // namespace caffe::onednn
