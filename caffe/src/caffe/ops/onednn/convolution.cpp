#include <initializer_list>
#include <optional>
#include <string>
#include <utility>

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
  Convolution(const ConvolutionGeometry& g, const FormatPtr& bottom)
      : LinearOp(g.bias ? g.out_channels : 0, /*plain_weights=*/false, g.relu && !g.sum),
        relu_(g.relu) {
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
    const auto forward_with = [&](const dnnl::primitive_attr& after) {
      return best(
          to_desc(bottom, src), any_desc(dst), src, dst, [&](const auto& in, const auto& out) {
            return Forward::primitive_desc(cpu_engine(), kind, kDirect, in, any_desc(weights),
                                           bias_desc(), out, g.stride, dilates, left, right, after);
          });
    };
    if (g.sum) {
      const auto adding =
          made_if({"jit", "brg"}, [&] { return forward_with(attributes(g.relu, g.sum)); });
      adds_itself_ = adding.has_value();
      set_forward(adds_itself_ ? *adding : forward_with(attributes()));
      return;
    }
    const auto forward = forward_with(attributes(g.relu));
    set_forward(forward);
    if (!g.train || g.relu) return;
    const memory::desc in = forward.src_desc(), out = forward.dst_desc();
    set_backward(best(in, out, src, dst,
                      [&](const auto& x, const auto& y) {
                        return BackwardData::primitive_desc(cpu_engine(), kDirect, x,
                                                            any_desc(weights), y, g.stride, dilates,
                                                            left, right, forward, attributes());
                      }),
                 best(in, out, src, dst, [&](const auto& x, const auto& y) {
                   return BackwardWeights::primitive_desc(
                       cpu_engine(), kDirect, x, any_desc(weights), bias_desc(), y, g.stride,
                       dilates, left, right, forward, attributes());
                 }));
  }

  FormatPtr bottom_format() const override { return src().format; }
  FormatPtr top_format() const override { return dst().format; }

  void forward_sum(Storage<float>& x, Storage<float>& w, Storage<float>* b,
                   Storage<float>& y) override {
    if (adds_itself_) {
      Args args;
      if (relu_) add_rectifier(&args, /*sum=*/true);
      run_forward(x, w, b, dst().read_write(y), std::move(args));
      dst().written(y);
      return;
    }
    own_.resize(y.count());
    forward(x, w, b, own_);
    const float* added = own_.read(dst().format);
    float* sum = y.read_write(dst().format);
    const int64_t size = static_cast<int64_t>(dst().desc.get_size() / sizeof(float));
#pragma omp parallel for simd
    for (int64_t i = 0; i < size; ++i) {
      const float value = sum[i] + added[i];
      sum[i] = relu_ && value < 0 ? 0 : value;
    }
    dst().written(y);
  }

 private:
  // What `create` makes if oneDNN has a kernel of one of these kinds for it.
  template <typename Create>
  static auto made_if(std::initializer_list<const char*> kinds, const Create& create)
      -> std::optional<decltype(create())> {
    try {
      auto made = create();
      const std::string kernel = made.impl_info_str();
      for (const char* kind : kinds) {
        if (kernel.rfind(kind, 0) == 0) return made;
      }
    } catch (const dnnl::error&) {
      // There is none.
    }
    return std::nullopt;
  }

  // A primitive for these orders of values, if oneDNN has a kernel for them, else for those that it
  // likes best. Its own choice may save less than the conversions cost.
  template <typename Create>
  static auto best(const memory::desc& in, const memory::desc& out, const memory::dims& in_dims,
                   const memory::dims& out_dims, const Create& create)
      -> decltype(create(in, out)) {
    if (in != plain_desc(in_dims)) {
      const auto made = made_if({"jit"}, [&] { return create(in, out); });
      if (made) return *made;
    }
    return create(any_desc(in_dims), any_desc(out_dims));
  }

  const bool relu_;
  bool adds_itself_ = false;  // of an op for a sum: its primitive does that, too
  Storage<float> own_;        // the convolution's results where it does not
};

}  // namespace

std::unique_ptr<ConvolutionOp<float>> convolution(const ConvolutionGeometry& geometry,
                                                  const FormatPtr& bottom) {
  const ConvolutionGeometry& g = geometry;
  if (g.in.empty() || g.in.size() > 3) return nullptr;
  if (!are_moderate({g.in, g.out, g.kernel, g.stride, g.pad, g.dilation})) return nullptr;
  try {
    return std::make_unique<Convolution>(geometry, bottom);
  } catch (const dnnl::error&) {
    return nullptr;  // e.g. unimplemented: another back end takes it
  }
}

}  // namespace caffe::onednn
