#include "caffe/layers/loss_layer.hpp"

#include <algorithm>

namespace caffe {

template <typename T>
void LossLayer<T>::reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) {
  this->check(bottom[0]->num_axes() > 0 && bottom[1]->num_axes() > 0 &&
                  bottom[0]->dim(0) == bottom[1]->dim(0),
              Code::kShape, "predictions of shape ", shape_string(bottom[0]->shape()),
              " and targets of shape ", shape_string(bottom[1]->shape()),
              " must agree in the first axis");
  top[0]->reshape({});
}

template <typename T>
LossParameter::NormalizationMode LossLayer<T>::normalization(
    LossParameter::NormalizationMode fallback) const {
  const LossParameter& p = this->param_.loss_param();
  if (p.has_normalization()) return p.normalization();
  if (p.has_normalize()) return p.normalize() ? LossParameter::VALID : LossParameter::BATCH_SIZE;
  return fallback;
}

template <typename T>
T LossLayer<T>::normalizer(LossParameter::NormalizationMode mode, int64_t outer, int64_t inner,
                           int64_t valid) {
  int64_t count = 1;
  if (mode == LossParameter::FULL) count = outer * inner;
  if (mode == LossParameter::VALID) count = valid;
  if (mode == LossParameter::BATCH_SIZE) count = outer;
  return static_cast<T>(std::max<int64_t>(count, 1));
}

template <typename T>
void LossLayer<T>::refuse_target_gradient(const std::vector<bool>& propagate_down) const {
  this->check(!propagate_down[1], Code::kUnsupported,
              "cannot give its targets (bottom 1) a gradient");
}

template <typename T>
void LossLayer<T>::set_loss(double value, const BlobVec<T>& top) const {
  *top[0]->data().write() = static_cast<T>(value);
  top[0]->data().written();
}

template class LossLayer<float>;
template class LossLayer<double>;

}  // namespace caffe
