#include "caffe/ops/onednn/onednn_ops.hpp"
#include "caffe/ops/onednn/runtime.hpp"

namespace caffe::onednn {

namespace {

using dnnl::memory;
using dnnl::normalization_flags;
using dnnl::prop_kind;
using Forward = dnnl::batch_normalization_forward;
using Backward = dnnl::batch_normalization_backward;

normalization_flags flags_of(const BatchNormGeometry& g) {
  normalization_flags flags = normalization_flags::none;
  if (g.global) flags |= normalization_flags::use_global_stats;
  if (g.scale) flags |= normalization_flags::use_scale | normalization_flags::use_shift;
  if (g.relu) flags |= normalization_flags::fuse_norm_relu;
  return flags;
}

class BatchNorm : public BatchNormOp<float> {
 public:
  BatchNorm(const BatchNormGeometry& g, const FormatPtr& bottom)
      : scaled_(g.scale), channels_(plain_desc({g.channels})) {
    memory::dims dims = {g.batch, g.channels};
    dims.insert(dims.end(), g.spatial.begin(), g.spatial.end());
    const memory::desc data = to_desc(bottom, dims);
    const float eps = static_cast<float>(g.eps);
    // For inference it would keep the statistics to itself.
    const bool training = g.train || !g.global;
    const auto kind = training ? prop_kind::forward_training : prop_kind::forward_inference;
    const Forward::primitive_desc forward(cpu_engine(), kind, data, data, eps, flags_of(g),
                                          attributes());
    forward_ = Forward(forward);
    forward_scratch_ = forward.scratchpad_desc();
    values_ = Operand(data);
    if (training && g.relu) signs_ = memory(forward.workspace_desc(), cpu_engine());
    if (!g.train) return;
    const Backward::primitive_desc backward(
        cpu_engine(), g.scale ? prop_kind::backward : prop_kind::backward_data, data, data, data,
        eps, flags_of(g), forward, attributes());
    backward_ = Backward(backward);
    backward_scratch_ = backward.scratchpad_desc();
  }

  FormatPtr format() const override { return values_.format; }

  void forward(Storage<float>& x, BatchNormArrays<float>* arrays, Storage<float>& y) override {
    Args args = {{DNNL_ARG_SRC, values_.read(x)}, {DNNL_ARG_DST, values_.write(y)}};
    add_statistics(*arrays, &args);
    if (scaled_) {
      args.emplace(DNNL_ARG_SCALE, over(arrays->scale));
      args.emplace(DNNL_ARG_SHIFT, over(arrays->shift));
    }
    execute(forward_, forward_scratch_, std::move(args));
    values_.written(y);
  }

  void backward(Storage<float>& x, Storage<float>& /*y*/, Storage<float>& dy,
                BatchNormArrays<float>* arrays, Storage<float>& dx) override {
    Args args = {{DNNL_ARG_SRC, values_.read(x)},
                 {DNNL_ARG_DIFF_DST, values_.read(dy)},
                 {DNNL_ARG_DIFF_SRC, values_.write(dx)}};
    add_statistics(*arrays, &args);
    if (scaled_) {
      args.emplace(DNNL_ARG_SCALE, over(arrays->scale));
      args.emplace(DNNL_ARG_DIFF_SCALE, over(arrays->scale_diff));
      args.emplace(DNNL_ARG_DIFF_SHIFT, over(arrays->shift_diff));
    }
    execute(backward_, backward_scratch_, std::move(args));
    values_.written(dx);
  }

 private:
  memory over(const std::vector<float>& values) const { return wrap(channels_, values.data()); }

  void add_statistics(const BatchNormArrays<float>& arrays, Args* args) const {
    args->emplace(DNNL_ARG_MEAN, over(arrays.mean));
    args->emplace(DNNL_ARG_VARIANCE, over(arrays.variance));
    if (signs_) args->emplace(DNNL_ARG_WORKSPACE, signs_);
  }

  const bool scaled_;
  const memory::desc channels_;
  Forward forward_;
  Backward backward_;
  memory::desc forward_scratch_, backward_scratch_;
  Operand values_;
  memory signs_;  // of what the rectifier got
};

}  // namespace

std::unique_ptr<BatchNormOp<float>> batch_norm(const BatchNormGeometry& geometry,
                                               const FormatPtr& bottom) {
  if (geometry.spatial.size() > 3 || !are_moderate({geometry.spatial})) return nullptr;
  try {
    return std::make_unique<BatchNorm>(geometry, bottom);
  } catch (const dnnl::error&) {
    return nullptr;
  }
}

}  // namespace caffe::onednn
