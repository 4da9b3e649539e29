// The arithmetic of Pooling.
#pragma once

#include <cstdint>
#include <memory>

#include "caffe/ops/backend.hpp"
#include "caffe/storage.hpp"

namespace caffe {

// Windows start at o*stride - pad and end at min(start + kernel, in [+ pad]); see
// docs/layers/pooling.md for Caffe's rules of rounding and divisors.
struct PoolingGeometry {
  enum class Method { kMax, kAverage };
  Method method = Method::kMax;
  int64_t batch = 1, channels = 1;
  int64_t in[2] = {1, 1}, out[2] = {1, 1}, kernel[2] = {1, 1}, stride[2] = {1, 1}, pad[2] = {0, 0};
  bool mask = false;  // the layer has a second top with the positions of maxima
  bool train = true;
};

template <typename T>
class PoolingOp : public Op {
 public:
  virtual FormatPtr top_format() const { return nullptr; }
  // mask, if not null, gets for each output the index h*W+w of its maximum (-1: none).
  virtual void forward(Storage<T>& x, Storage<T>& y, Storage<T>* mask) = 0;
  // Needs the positions that the last forward kept inside the op.
  virtual void backward(Storage<T>& dy, Storage<T>& dx) = 0;
};

template <typename T>
std::unique_ptr<PoolingOp<T>> create_pooling(const PoolingGeometry& geometry,
                                             const FormatPtr& bottom);

}  // namespace caffe
