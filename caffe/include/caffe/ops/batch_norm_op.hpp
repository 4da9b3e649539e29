// The arithmetic of batch normalisation, with the scale, the shift and the rectifier that usually
// follow it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "caffe/ops/backend.hpp"
#include "caffe/storage.hpp"

namespace caffe {

// x, y: (batch, channels, spatial...), any number of spatial axes, none included.
struct BatchNormGeometry {
  int64_t batch = 1, channels = 1;
  std::vector<int64_t> spatial;
  double eps = 1e-5;
  bool global = false;  // the statistics are given; else they are those of x
  bool scale = false;   // y = n * scale + shift, n being what is normalised; else y = n
  // Then y = max(y, 0); what becomes of NaN is undefined. To be found in the statistics, if they
  // are those of x.
  bool relu = false;
  bool train = true;
};

// Arrays over channels.
template <typename T>
struct BatchNormArrays {
  std::vector<T> mean, variance;          // biased: sums of squares over the number of values
  std::vector<T> scale, shift;            // ones and zeros if the geometry has no scale
  std::vector<T> scale_diff, shift_diff;  // of the last backward pass
};

template <typename T>
class BatchNormOp : public Op {
 public:
  // Of x, y and their gradients; null is plain.
  virtual FormatPtr format() const { return nullptr; }
  // Sets mean and variance unless they are given. All arrays have `channels` elements.
  virtual void forward(Storage<T>& x, BatchNormArrays<T>* arrays, Storage<T>& y) = 0;
  // x, y and the arrays are those of the last forward; y is only read for its sign, with relu.
  // Sets dx, and scale_diff and shift_diff if there is a scale. dx may lie over dy.
  virtual void backward(Storage<T>& x, Storage<T>& y, Storage<T>& dy, BatchNormArrays<T>* arrays,
                        Storage<T>& dx) = 0;
};

// `bottom` is the format in which x will be (null: plain).
template <typename T>
std::unique_ptr<BatchNormOp<T>> create_batch_norm(const BatchNormGeometry& geometry,
                                                  const FormatPtr& bottom);

}  // namespace caffe
