// The common part of losses in which items may count more or less.
#pragma once

#include <algorithm>
#include <vector>

#include "caffe/layers/loss_layer.hpp"

namespace caffe {

// An optional bottom 2 has a weight for each of the N items: the item's part of the loss, and of
// the gradient, is multiplied by it. What the sum is divided by stays as it is without weights.
template <typename T>
class WeightedLossLayer : public LossLayer<T> {
 public:
  using LossLayer<T>::LossLayer;
  CountRange bottom_count() const override { return {2, 3}; }
  bool allow_force_backward(int bottom) const override { return bottom == 0; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    LossLayer<T>::reshape(bottom, top);
    this->check(bottom.size() < 3 || bottom[2]->count() == bottom[0]->dim(0), Code::kShape,
                "predictions of shape ", shape_string(bottom[0]->shape()), " need ",
                bottom[0]->dim(0), " weights, but they have shape ",
                bottom.size() < 3 ? "" : shape_string(bottom[2]->shape()));
  }

 protected:
  // The weights of the items; null: all are 1.
  static const T* item_weights(const BlobVec<T>& bottom) {
    return bottom.size() < 3 ? nullptr : bottom[2]->data().read();
  }

  // What has one weight: an item, or all of them.
  struct Parts {
    int64_t number, length;
  };
  static Parts parts(const BlobVec<T>& bottom) {
    const int64_t number = bottom.size() < 3 ? 1 : bottom[0]->dim(0);
    return {number, bottom[0]->count() / std::max<int64_t>(number, 1)};
  }
  // Sum of all parts' losses.
  static double weigh(const std::vector<double>& losses, const T* weights) {
    double sum = 0;
    for (size_t i = 0; i < losses.size(); ++i) {
      sum += weights == nullptr ? losses[i] : static_cast<double>(weights[i]) * losses[i];
    }
    return sum;
  }

  // Fails if bottom 2 is asked for a gradient.
  void refuse_weight_gradient(const std::vector<bool>& propagate_down) const {
    this->check(propagate_down.size() < 3 || !propagate_down[2], Code::kUnsupported,
                "cannot give its weights (bottom 2) a gradient");
  }
};

}  // namespace caffe
