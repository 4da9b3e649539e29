// What layers ask of those behind them, whose work they may take on (Layer::absorb).
#pragma once

#include <string>
#include <vector>

#include "caffe/layer.hpp"

namespace caffe {

// Whether the first of them is a ReLU that gives max(x, 0).
template <typename T>
bool begins_with_relu(const std::vector<Layer<T>*>& layers) {
  if (layers.empty() || layers[0]->type() != std::string("ReLU")) return false;
  return layers[0]->param().relu_param().negative_slope() == 0;
}

}  // namespace caffe
