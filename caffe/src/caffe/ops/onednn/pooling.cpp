#include <algorithm>

#include "caffe/ops/onednn/onednn_ops.hpp"
#include "caffe/ops/onednn/runtime.hpp"

namespace caffe::onednn {

namespace {

using dnnl::algorithm;
using dnnl::memory;
using dnnl::prop_kind;

// Zeros that a window may reach beyond the right edge.
int64_t right_reach(const PoolingGeometry& g, int axis) {
  return (g.out[axis] - 1) * g.stride[axis] + g.kernel[axis] - g.in[axis] - g.pad[axis];
}

// oneDNN either counts no padding in an average or all of the kernel. Caffe counts the
// padding but not what lies beyond it, which is the first without padding and the second
// with windows that stay inside it.
bool average_fits(const PoolingGeometry& g) {
  if (g.pad[0] == 0 && g.pad[1] == 0) return true;
  return right_reach(g, 0) <= g.pad[0] && right_reach(g, 1) <= g.pad[1];
}

algorithm pooling_algorithm(const PoolingGeometry& g) {
  if (g.method == PoolingGeometry::Method::kMax) return algorithm::pooling_max;
  return g.pad[0] == 0 && g.pad[1] == 0 ? algorithm::pooling_avg_exclude_padding
                                        : algorithm::pooling_avg_include_padding;
}

class Pooling : public PoolingOp<float> {
 public:
  Pooling(const PoolingGeometry& g, const FormatPtr& bottom) {
    const memory::dims src_dims = {g.batch, g.channels, g.in[0], g.in[1]};
    const memory::dims dst_dims = {g.batch, g.channels, g.out[0], g.out[1]};
    const memory::dims kernel = {g.kernel[0], g.kernel[1]};
    const memory::dims strides = {g.stride[0], g.stride[1]};
    const memory::dims dilates = {0, 0};
    const memory::dims left = {g.pad[0], g.pad[1]};
    const memory::dims right = {std::max<int64_t>(0, right_reach(g, 0)),
                                std::max<int64_t>(0, right_reach(g, 1))};
    const auto kind = g.train ? prop_kind::forward_training : prop_kind::forward_inference;
    Forward::primitive_desc forward(cpu_engine(), kind, pooling_algorithm(g),
                                    to_desc(bottom, src_dims), any_desc(dst_dims), strides, kernel,
                                    dilates, left, right, attributes());
    forward_ = Forward(forward);
    forward_scratch_ = forward.scratchpad_desc();
    src_ = Operand(forward.src_desc());
    dst_ = Operand(forward.dst_desc());
    if (!g.train) return;
    if (g.method == PoolingGeometry::Method::kMax) {
      workspace_ = dnnl::memory(forward.workspace_desc(), cpu_engine());
    }
    Backward::primitive_desc backward(cpu_engine(), pooling_algorithm(g), src_.desc, dst_.desc,
                                      strides, kernel, dilates, left, right, forward, attributes());
    backward_ = Backward(backward);
    backward_scratch_ = backward.scratchpad_desc();
    diff_src_ = Operand(backward.diff_src_desc());
    diff_dst_ = Operand(backward.diff_dst_desc());
  }

  FormatPtr top_format() const override { return dst_.format; }

  void forward(Storage<float>& x, Storage<float>& y, Storage<float>* /*mask*/) override {
    Args args = {{DNNL_ARG_SRC, src_.read(x)}, {DNNL_ARG_DST, dst_.write(y)}};
    if (workspace_) args.emplace(DNNL_ARG_WORKSPACE, workspace_);
    execute(forward_, forward_scratch_, std::move(args));
    dst_.written(y);
  }

  void backward(Storage<float>& dy, Storage<float>& dx) override {
    Args args = {{DNNL_ARG_DIFF_DST, diff_dst_.read(dy)}, {DNNL_ARG_DIFF_SRC, diff_src_.write(dx)}};
    if (workspace_) args.emplace(DNNL_ARG_WORKSPACE, workspace_);
    execute(backward_, backward_scratch_, std::move(args));
    diff_src_.written(dx);
  }

 private:
  using Forward = dnnl::pooling_forward;
  using Backward = dnnl::pooling_backward;

  Forward forward_;
  Backward backward_;
  memory::desc forward_scratch_, backward_scratch_;
  memory workspace_;
  Operand src_, dst_, diff_src_, diff_dst_;
};

}  // namespace

std::unique_ptr<PoolingOp<float>> pooling(const PoolingGeometry& geometry,
                                          const FormatPtr& bottom) {
  if (geometry.mask) return nullptr;
  for (int axis : {0, 1}) {
    // It walks through all of the padding, too.
    if (geometry.pad[axis] > geometry.in[axis]) return nullptr;
    const std::vector<int64_t> extents = {geometry.in[axis], geometry.out[axis],
                                          geometry.kernel[axis], geometry.stride[axis]};
    if (!are_moderate({extents})) return nullptr;
  }
  if (geometry.method == PoolingGeometry::Method::kAverage && !average_fits(geometry)) {
    return nullptr;
  }
  for (int axis : {0, 1}) {
    if (right_reach(geometry, axis) >= geometry.kernel[axis]) return nullptr;
  }
  try {
    return std::make_unique<Pooling>(geometry, bottom);
  } catch (const dnnl::error&) {
    return nullptr;
  }
}

}  // namespace caffe::onednn
