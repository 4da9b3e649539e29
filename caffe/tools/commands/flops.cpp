#include "commands/flops.hpp"

#include <string>

namespace caffe::tools {
namespace {

// How many times the weights of layer `id` meet an input in one pass: positions of the outputs of
// a convolution or of the inputs of a deconvolution, items of an inner product.
double products(const Net<float>& net, int id, const std::string& type) {
  const Blob<float>& weights = *net.layer(id).blobs()[0];
  if (type == "InnerProduct") {
    const uint32_t outputs = net.layer(id).param().inner_product_param().num_output();
    return static_cast<double>(net.tops(id)[0]->count()) / outputs;
  }
  const auto& images = type == "Convolution" ? net.tops(id) : net.bottoms(id);
  double positions = 0;
  for (const Blob<float>* blob : images) {
    positions += static_cast<double>(blob->count()) / weights.dim(0);
  }
  return positions;
}

// Multiplications of one forward pass.
double multiplications(const Net<float>& net, int id) {
  const Layer<float>& layer = net.layer(id);
  const std::string type = layer.type();
  if (type == "Convolution" || type == "Deconvolution" || type == "InnerProduct") {
    return products(net, id, type) * layer.blobs()[0]->count();
  }
  if (type != "LSTM" && type != "RNN") return 0;
  const Blob<float>& input = *net.bottoms(id)[0];
  // Blobs: W_x, b, W_static if there is a static input, W_h and for RNN W_o, b_o. The static
  // input meets its weights once, the others in every time step.
  const bool has_static = layer.blobs().size() == (type == "LSTM" ? 4u : 6u);
  double sum = 0;
  for (size_t i = 0; i < layer.blobs().size(); ++i) {
    const Blob<float>& weights = *layer.blobs()[i];
    if (weights.num_axes() != 2) continue;
    const int64_t steps = has_static && i == 2 ? 1 : input.dim(0);
    sum += static_cast<double>(steps) * input.dim(1) * weights.count();
  }
  return sum;
}

}  // namespace

Flops count_flops(const Net<float>& net, int layer) {
  Flops flops;
  flops.forward = 2 * multiplications(net, layer);
  if (flops.forward == 0 || !net.layer_needs_backward(layer)) return flops;
  if (net.layer(layer).param_propagate_down(0)) flops.backward += flops.forward;
  if (net.bottom_needs_backward(layer, 0)) flops.backward += flops.forward;
  return flops;
}

}  // namespace caffe::tools
