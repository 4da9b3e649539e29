#include "caffe/ops/onednn/onednn_ops.hpp"
#include "caffe/ops/onednn/runtime.hpp"

namespace caffe::onednn {

namespace {

using dnnl::algorithm;
using dnnl::memory;
using dnnl::prop_kind;

class Lrn : public LrnOp<float> {
 public:
  Lrn(const LrnGeometry& g, const FormatPtr& bottom) {
    const auto desc = to_desc(bottom, {g.batch, g.channels, g.height, g.width});
    const auto method =
        g.within_channel ? algorithm::lrn_within_channel : algorithm::lrn_across_channels;
    const auto kind = g.train ? prop_kind::forward_training : prop_kind::forward_inference;
    const float k = g.within_channel ? 1.0f : static_cast<float>(g.k);
    const float alpha = static_cast<float>(g.alpha), beta = static_cast<float>(g.beta);
    Forward::primitive_desc forward(cpu_engine(), kind, method, desc, desc, g.size, alpha, beta, k,
                                    attributes());
    forward_ = Forward(forward);
    forward_scratch_ = forward.scratchpad_desc();
    values_ = Operand(desc);
    if (!g.train) return;
    workspace_ = dnnl::memory(forward.workspace_desc(), cpu_engine());
    Backward::primitive_desc backward(cpu_engine(), method, desc, desc, desc, g.size, alpha, beta,
                                      k, forward, attributes());
    backward_ = Backward(backward);
    backward_scratch_ = backward.scratchpad_desc();
  }

  FormatPtr top_format() const override { return values_.format; }

  void forward(Storage<float>& x, Storage<float>& y) override {
    Args args = {{DNNL_ARG_SRC, values_.read(x)}, {DNNL_ARG_DST, values_.write(y)}};
    if (workspace_) args.emplace(DNNL_ARG_WORKSPACE, workspace_);
    execute(forward_, forward_scratch_, std::move(args));
    values_.written(y);
  }

  void backward(Storage<float>& x, Storage<float>& /*y*/, Storage<float>& dy,
                Storage<float>& dx) override {
    execute(backward_, backward_scratch_,
            {{DNNL_ARG_SRC, values_.read(x)},
             {DNNL_ARG_DIFF_DST, values_.read(dy)},
             {DNNL_ARG_DIFF_SRC, values_.write(dx)},
             {DNNL_ARG_WORKSPACE, workspace_}});
    values_.written(dx);
  }

 private:
  using Forward = dnnl::lrn_forward;
  using Backward = dnnl::lrn_backward;

  Forward forward_;
  Backward backward_;
  memory::desc forward_scratch_, backward_scratch_;
  memory workspace_;
  Operand values_;
};

}  // namespace

std::unique_ptr<LrnOp<float>> lrn(const LrnGeometry& geometry, const FormatPtr& bottom) {
  // With channels innermost (one channel or one pixel is enough), oneDNN 3.8's AVX-512 code
  // crashes for size 1 and sums wrongly over the last channels for sizes above 5.
  if (!geometry.within_channel && geometry.size != 3 && geometry.size != 5) return nullptr;
  if (geometry.size > 1 << 14) return nullptr;  // it squares it in 32 bits
  try {
    return std::make_unique<Lrn>(geometry, bottom);
  } catch (const dnnl::error&) {
    return nullptr;
  }
}

}  // namespace caffe::onednn
