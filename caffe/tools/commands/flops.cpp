#include "commands/flops.hpp"

#include <string>

namespace caffe::tools {
namespace {

// One matrix product of a layer: weights and what they are multiplied with.
struct Product {
  int blob = 0;
  double times = 0;  // how often each weight meets an input
  bool input_needs_gradient = false;
};

std::vector<Product> recurrent_products(const Net<float>& net, int id, bool lstm) {
  const auto& blobs = net.layer(id).blobs();
  const Blob<float>& input = *net.bottoms(id)[0];
  // W_x, b, W_static if there is a static input, W_h and for RNN W_o, b_o. The static input meets
  // its weights once, the others do so in every time step.
  const bool has_static = blobs.size() == (lstm ? 4u : 6u);
  std::vector<Product> products;
  for (int i = 0; i < static_cast<int>(blobs.size()); ++i) {
    if (blobs[i]->num_axes() != 2) continue;
    const bool is_static = has_static && i == 2;
    const double times = static_cast<double>(is_static ? 1 : input.dim(0)) * input.dim(1);
    products.push_back({i, times, i == 0 || is_static ? net.bottom_needs_backward(id, i) : true});
  }
  return products;
}

std::vector<Product> products(const Net<float>& net, int id) {
  const Layer<float>& layer = net.layer(id);
  const std::string type = layer.type();
  if (type == "LSTM" || type == "RNN") return recurrent_products(net, id, type == "LSTM");
  if (type == "InnerProduct") {
    const uint32_t outputs = layer.param().inner_product_param().num_output();
    const double items = static_cast<double>(net.tops(id)[0]->count()) / outputs;
    return {{0, items, net.bottom_needs_backward(id, 0)}};
  }
  if (type != "Convolution" && type != "Deconvolution") return {};
  // Each weight is used at every position of a convolution's top, a deconvolution's bottom.
  std::vector<Product> result;
  const auto& images = type == "Convolution" ? net.tops(id) : net.bottoms(id);
  for (int i = 0; i < static_cast<int>(images.size()); ++i) {
    const double channels = static_cast<double>(layer.blobs()[0]->dim(0));
    result.push_back({0, images[i]->count() / channels, net.bottom_needs_backward(id, i)});
  }
  return result;
}

}  // namespace

Flops count_flops(const Net<float>& net, int layer) {
  Flops flops;
  for (const Product& product : products(net, layer)) {
    const double work = 2 * product.times * net.layer(layer).blobs()[product.blob]->count();
    flops.forward += work;
    if (!net.layer_needs_backward(layer)) continue;
    if (net.layer(layer).param_propagate_down(product.blob)) flops.backward += work;
    if (product.input_needs_gradient) flops.backward += work;
  }
  return flops;
}

}  // namespace caffe::tools
