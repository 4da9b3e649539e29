#include <functional>
#include <numeric>

#include "caffe/ops/onednn/onednn_ops.hpp"
#include "caffe/ops/onednn/runtime.hpp"

namespace caffe::onednn {

namespace {

using dnnl::memory;
using dnnl::prop_kind;

class InnerProduct : public InnerProductOp<float> {
 public:
  InnerProduct(const InnerProductGeometry& g, const FormatPtr&) : bias_(g.bias) {
    src_dims_ = {g.rows};
    weight_dims_ = {g.outputs};
    // Images keep their axes, so that a blocked bottom need not be unpacked.
    if (g.inputs.size() == 3 && !g.transposed) {
      src_dims_.insert(src_dims_.end(), g.inputs.begin(), g.inputs.end());
      weight_dims_.insert(weight_dims_.end(), g.inputs.begin(), g.inputs.end());
    } else {
      const int64_t inputs =
          std::accumulate(g.inputs.begin(), g.inputs.end(), int64_t{1}, std::multiplies<int64_t>());
      src_dims_.push_back(inputs);
      weight_dims_.push_back(inputs);
    }
    dst_dims_ = {g.rows, g.outputs};
    // Transposed weights stay in the order in which the blob has them.
    weight_desc_ = g.transposed ? memory::desc(weight_dims_, memory::data_type::f32,
                                               memory::dims{1, g.outputs})
                                : any_desc(weight_dims_);
    init_forward(g);
    if (g.train) init_backward(g);
  }

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
  using Forward = dnnl::inner_product_forward;
  using BackwardData = dnnl::inner_product_backward_data;
  using BackwardWeights = dnnl::inner_product_backward_weights;

  // A transposed weight's strided order is the blob's plain order.
  Operand weight_operand(const memory::desc& desc, bool transposed) const {
    Operand operand(desc);
    if (transposed) operand.format = nullptr;
    return operand;
  }

  void init_forward(const InnerProductGeometry& g) {
    bias_desc_ = bias_ ? plain_desc({g.outputs}) : memory::desc();
    const auto kind = g.train ? prop_kind::forward_training : prop_kind::forward_inference;
    forward_pd_ = Forward::primitive_desc(cpu_engine(), kind, any_desc(src_dims_), weight_desc_,
                                          bias_desc_, plain_desc(dst_dims_), attributes());
    forward_ = Forward(forward_pd_);
    forward_scratch_ = forward_pd_.scratchpad_desc();
    src_ = Operand(forward_pd_.src_desc());
    weights_ = weight_operand(forward_pd_.weights_desc(), g.transposed);
    dst_ = Operand(forward_pd_.dst_desc());
  }

  void init_backward(const InnerProductGeometry& g) {
    BackwardData::primitive_desc data(cpu_engine(), any_desc(src_dims_), weight_desc_,
                                      plain_desc(dst_dims_), forward_pd_, attributes());
    backward_data_ = BackwardData(data);
    data_scratch_ = data.scratchpad_desc();
    diff_src_ = Operand(data.diff_src_desc());
    data_weights_ = weight_operand(data.weights_desc(), g.transposed);
    data_diff_dst_ = Operand(data.diff_dst_desc());

    const auto diff_bias = bias_ ? plain_desc({g.outputs}) : memory::desc();
    BackwardWeights::primitive_desc weights(cpu_engine(), any_desc(src_dims_), weight_desc_,
                                            diff_bias, plain_desc(dst_dims_), forward_pd_,
                                            attributes());
    backward_weights_ = BackwardWeights(weights);
    weights_scratch_ = weights.scratchpad_desc();
    weights_src_ = Operand(weights.src_desc());
    weights_diff_dst_ = Operand(weights.diff_dst_desc());
    diff_weights_ = weight_operand(weights.diff_weights_desc(), g.transposed);
    if (bias_) diff_bias_ = Operand(diff_bias);
  }

  bool bias_;
  memory::dims src_dims_, weight_dims_, dst_dims_;
  memory::desc weight_desc_, bias_desc_, forward_scratch_, data_scratch_, weights_scratch_;
  Forward::primitive_desc forward_pd_;
  Forward forward_;
  BackwardData backward_data_;
  BackwardWeights backward_weights_;
  Operand src_, weights_, dst_;
  Operand diff_src_, data_weights_, data_diff_dst_;
  Operand weights_src_, weights_diff_dst_, diff_weights_, diff_bias_;
};

}  // namespace

std::unique_ptr<InnerProductOp<float>> inner_product(const InnerProductGeometry& geometry,
                                                     const FormatPtr& bottom) {
  try {
    return std::make_unique<InnerProduct>(geometry, bottom);
  } catch (const dnnl::error&) {
    return nullptr;
  }
}

}  // namespace caffe::onednn
