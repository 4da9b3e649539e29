// How much arithmetic a layer does.
#pragma once

#include "caffe/net.hpp"

namespace caffe::tools {

// Floating-point operations of one pass over the current batch.
struct Flops {
  double forward = 0;
  double backward = 0;
};

// Two for each multiplication and addition of the matrix products of Convolution, Deconvolution,
// InnerProduct, LSTM and RNN, biases not counted; 0 for other types, whose time goes to memory.
// Backward has a product for the gradient of the weights and one for that of the input, each where
// the net computes it.
Flops count_flops(const Net<float>& net, int layer);

}  // namespace caffe::tools
