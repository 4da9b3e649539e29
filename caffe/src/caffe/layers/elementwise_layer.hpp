// The common part of layers that compute each top element from one bottom element.
#pragma once

#include <vector>

#include "caffe/layer.hpp"
#include "caffe/layer_registry.hpp"

namespace caffe {

// One bottom, one top of the same shape, which may have the bottom's memory. Subclasses give
// the function and its derivative on ranges of elements; ranges run in parallel and must
// not depend on each other. They get pointers that may be equal, but overlap in no other
// way.
//
// Elements are passed in the order in which memory holds them: that of the bottom's memory
// format if keeps_zero(), else plain order.
template <typename T>
class ElementwiseLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override;
  void plan(const BlobVec<T>& bottom, const BlobVec<T>& top) override;
  InPlace in_place() const override { return InPlace::kOver; }
  bool backward_reads_bottoms() const override { return backward_reads_input(); }
  bool backward_reads_tops() const override { return backward_reads_output(); }
  bool top_serves_as_bottom() const override { return output_serves_as_input(); }

 protected:
  // Elements [first, first + n) of an array; first lets a layer make random numbers.
  struct Range {
    int64_t first, n;
  };
  virtual void forward_range(const T* x, T* y, Range range) const = 0;
  // x is null unless backward_reads_input(), y unless backward_reads_output().
  virtual void backward_range(const T* x, const T* y, const T* dy, T* dx, Range range) const = 0;

  // f(0) = 0: then the zeros that pad a packed memory format stay zeros.
  virtual bool keeps_zero() const { return true; }
  virtual bool backward_reads_input() const { return false; }
  virtual bool backward_reads_output() const { return false; }
  // Whether the derivative can be told from y where x is asked for.
  virtual bool output_serves_as_input() const { return false; }

  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override;
  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override;

 private:
  FormatPtr pass_format(const Blob<T>& bottom) const {
    return keeps_zero() ? bottom.format() : nullptr;
  }
};

}  // namespace caffe
