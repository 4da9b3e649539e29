// The common part of layers that compare predictions (bottom 0) with targets (bottom 1).
#pragma once

#include <vector>

#include "caffe/layer.hpp"
#include "caffe/layer_registry.hpp"

namespace caffe {

// The top is a scalar (0 axes), weighted 1 unless loss_weight says otherwise, and made by
// the net if the prototxt names none. Its diff, read in backward, is the loss weight.
template <typename T>
class LossLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  CountRange bottom_count() const override { return {2, 2}; }
  bool auto_top() const override { return true; }
  InPlace in_place() const override { return InPlace::kRefused; }
  bool allow_force_backward(int bottom) const override { return bottom != 1; }
  T default_loss_weight() const override { return T(1); }
  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override;

 protected:
  // loss_param's mode; the old `normalize` counts if `normalization` is not given, and
  // `fallback` if neither is.
  LossParameter::NormalizationMode normalization(LossParameter::NormalizationMode fallback) const;
  // What a sum over `outer` x `inner` positions, of which `valid` are not ignored, is
  // divided by; at least 1.
  static T normalizer(LossParameter::NormalizationMode mode, int64_t outer, int64_t inner,
                      int64_t valid);
  // Fails if bottom 1 is asked for a gradient.
  void refuse_target_gradient(const std::vector<bool>& propagate_down) const;
  T loss_gradient(const BlobVec<T>& top) const { return top[0]->diff().read()[0]; }
  void set_loss(double value, const BlobVec<T>& top) const;
};

}  // namespace caffe
