#include <functional>
#include <numeric>

#include "caffe/ops/onednn/linear_op.hpp"
#include "caffe/ops/onednn/onednn_ops.hpp"

namespace caffe::onednn {

namespace {

using dnnl::memory;
using Forward = dnnl::inner_product_forward;
using BackwardData = dnnl::inner_product_backward_data;
using BackwardWeights = dnnl::inner_product_backward_weights;

class InnerProduct
    : public LinearOp<InnerProductOp<float>, Forward, BackwardData, BackwardWeights> {
 public:
  explicit InnerProduct(const InnerProductGeometry& g)
      : LinearOp(g.bias ? g.outputs : 0, g.transposed, /*rectified=*/false) {
    memory::dims src = {g.rows}, weights = {g.outputs};
    // Images keep their axes, so that a blocked bottom need not be unpacked.
    if (g.inputs.size() == 3 && !g.transposed) {
      src.insert(src.end(), g.inputs.begin(), g.inputs.end());
      weights.insert(weights.end(), g.inputs.begin(), g.inputs.end());
    } else {
      const int64_t inputs =
          std::accumulate(g.inputs.begin(), g.inputs.end(), int64_t{1}, std::multiplies<int64_t>());
      src.push_back(inputs);
      weights.push_back(inputs);
    }
    const memory::desc dst = plain_desc({g.rows, g.outputs});
    // Transposed weights stay in the order in which the blob has them.
    const memory::desc weight_desc =
        g.transposed ? memory::desc(weights, memory::data_type::f32, memory::dims{1, g.outputs})
                     : any_desc(weights);

    const auto kind =
        g.train ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
    const Forward::primitive_desc forward(cpu_engine(), kind, any_desc(src), weight_desc,
                                          bias_desc(), dst, attributes());
    set_forward(forward);
    if (!g.train) return;
    set_backward(BackwardData::primitive_desc(cpu_engine(), any_desc(src), weight_desc, dst,
                                              forward, attributes()),
                 BackwardWeights::primitive_desc(cpu_engine(), any_desc(src), weight_desc,
                                                 bias_desc(), dst, forward, attributes()));
  }
};

}  // namespace

std::unique_ptr<InnerProductOp<float>> inner_product(const InnerProductGeometry& geometry,
                                                     const FormatPtr& /*bottom*/) {
  try {
    return std::make_unique<InnerProduct>(geometry);
  } catch (const dnnl::error&) {
    return nullptr;
  }
}

}  // namespace caffe::onednn
