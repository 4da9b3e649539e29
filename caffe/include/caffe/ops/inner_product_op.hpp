// The arithmetic of InnerProduct: y = x W^T + b.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "caffe/ops/backend.hpp"
#include "caffe/storage.hpp"

namespace caffe {

// x: (rows, inputs...), w: (outputs, inputs...) or, if transposed, (inputs, outputs).
struct InnerProductGeometry {
  int64_t rows = 1, outputs = 1;
  std::vector<int64_t> inputs;  // the axes that are summed over, e.g. {C, H, W}
  bool bias = true;
  bool transposed = false;
  bool train = true;
};

template <typename T>
class InnerProductOp : public Op {
 public:
  virtual void forward(Storage<T>& x, Storage<T>& w, Storage<T>* b, Storage<T>& y) = 0;
  virtual void backward_data(Storage<T>& dy, Storage<T>& w, Storage<T>& dx) = 0;
  // Adds to dw and db unless they are zero, then overwrites. Either may be null.
  virtual void backward_weights(Storage<T>& x, Storage<T>& dy, Storage<T>* dw, Storage<T>* db) = 0;
};

template <typename T>
std::unique_ptr<InnerProductOp<T>> create_inner_product(const InnerProductGeometry& geometry,
                                                        const FormatPtr& bottom);

}  // namespace caffe
