// The arithmetic of local response normalisation.
#pragma once

#include <cstdint>
#include <memory>

#include "caffe/ops/backend.hpp"
#include "caffe/storage.hpp"

namespace caffe {

// Across channels: s = k + alpha/size * sum over `size` channels of x^2; within a
// channel: s = 1 + alpha/size^2 * sum over a size x size window. y = x * s^-beta.
struct LrnGeometry {
  int64_t batch = 1, channels = 1, height = 1, width = 1;
  int64_t size = 5;
  double alpha = 1, beta = 0.75, k = 1;
  bool within_channel = false;
  bool train = true;
};

template <typename T>
class LrnOp : public Op {
 public:
  virtual FormatPtr top_format() const { return nullptr; }
  virtual void forward(Storage<T>& x, Storage<T>& y) = 0;
  // x and y are those of the last forward.
  virtual void backward(Storage<T>& x, Storage<T>& y, Storage<T>& dy, Storage<T>& dx) = 0;
};

template <typename T>
std::unique_ptr<LrnOp<T>> create_lrn(const LrnGeometry& geometry, const FormatPtr& bottom);

}  // namespace caffe
