// The common part of layers whose top is their bottom in another shape.
#pragma once

#include <vector>

#include "caffe/layer.hpp"
#include "caffe/layer_registry.hpp"

namespace caffe {

// The top shares the bottom's memory; subclasses give its shape, which must have as many
// elements.
template <typename T>
class ViewLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  InPlace in_place() const override { return InPlace::kRefused; }
  bool backward_reads_bottoms() const override { return false; }
  bool top_shares_bottom() const override { return true; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const Shape shape = view_shape(*bottom[0]);
    this->check(product(shape) == bottom[0]->count(), Code::kShape, "shape ",
                shape_string(bottom[0]->shape()), " cannot be seen as ", shape_string(shape));
    top[0]->reshape(shape);
    top[0]->share_data(*bottom[0]);
    top[0]->share_diff(*bottom[0]);
  }

 protected:
  virtual Shape view_shape(const Blob<T>& bottom) const = 0;
  void forward_pass(const BlobVec<T>&, const BlobVec<T>&) override {}
  void backward_pass(const BlobVec<T>&, const std::vector<bool>&, const BlobVec<T>&) override {}
};

}  // namespace caffe
