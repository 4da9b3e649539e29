// The arithmetic of Convolution (cross-correlation with zero padding, in groups).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "caffe/ops/backend.hpp"
#include "caffe/storage.hpp"

namespace caffe {

// Extents of one convolution. x: (batch, in_channels, in...), w: (out_channels,
// in_channels/groups, kernel...), y: (batch, out_channels, out...); any number of
// spatial axes, none included.
struct ConvolutionGeometry {
  int64_t batch = 1, in_channels = 1, out_channels = 1, groups = 1;
  std::vector<int64_t> in, out, kernel, stride, pad, dilation;
  bool bias = true;
  bool sum = false;   // for forward_sum alone; such an op has no backward pass
  bool relu = false;  // y = max(y, 0) then; no backward pass either
  bool train = true;  // whether a backward pass may follow, perhaps by another op
};

template <typename T>
class ConvolutionOp : public Op {
 public:
  // Formats in which the op reads and writes fastest; null is plain.
  virtual FormatPtr bottom_format() const { return nullptr; }
  virtual FormatPtr top_format() const { return nullptr; }

  virtual void forward(Storage<T>& x, Storage<T>& w, Storage<T>* b, Storage<T>& y) = 0;
  // Instead of forward: adds to what y has.
  virtual void forward_sum(Storage<T>& x, Storage<T>& w, Storage<T>* b, Storage<T>& y) = 0;
  virtual void backward_data(Storage<T>& dy, Storage<T>& w, Storage<T>& dx) = 0;
  // Adds to dw and db unless they are zero, then overwrites. Either may be null.
  virtual void backward_weights(Storage<T>& x, Storage<T>& dy, Storage<T>* dw, Storage<T>* db) = 0;
};

// `bottom` is the format in which x will be (null: plain).
template <typename T>
std::unique_ptr<ConvolutionOp<T>> create_convolution(const ConvolutionGeometry& geometry,
                                                     const FormatPtr& bottom);

}  // namespace caffe
