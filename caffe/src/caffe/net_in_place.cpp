// Layers whose top bears the name of their bottom, but which cannot write over what they read.
//
// Caffe lets them, and what they compute is then wrong at least in backward. Here the net gives
// such a layer a copy of its bottom to read from, and to leave the gradient in.
#include <algorithm>

#include "caffe/net.hpp"

namespace caffe {

namespace {

template <typename T>
void copy(Storage<T>& from, int64_t count, Storage<T>& to) {
  std::copy_n(from.read(), count, to.write());
  to.written();
}

}  // namespace

template <typename T>
void Net<T>::keep_input(int layer_id, int bottom_id) {
  KeptInput kept{bottom_id, bottom_vecs_[layer_id][bottom_id], std::make_unique<Blob<T>>()};
  bottom_vecs_[layer_id][bottom_id] = kept.copy.get();
  kept_inputs_[layer_id].push_back(std::move(kept));
}

template <typename T>
void Net<T>::shape_kept_inputs(int layer_id) {
  for (const KeptInput& kept : kept_inputs_[layer_id]) {
    if (kept.copy->shape() != kept.blob->shape()) kept.copy->reshape(kept.blob->shape());
  }
}

template <typename T>
void Net<T>::check_kept_inputs(int layer_id) const {
  const Layer<T>& layer = *layers_[layer_id];
  for (const KeptInput& kept : kept_inputs_[layer_id]) {
    require(kept.copy->shape() == kept.blob->shape(), Code::kBadNet, "layer '", layer.name(), "' (",
            layer.type(), ") cannot work in place, because it changes the shape from ",
            shape_string(kept.copy->shape()), " to ", shape_string(kept.blob->shape()),
            ": give its top another name than '", layer.param().top(kept.bottom), "'");
  }
}

template <typename T>
void Net<T>::fill_kept_inputs(int layer_id) {
  shape_kept_inputs(layer_id);
  for (const KeptInput& kept : kept_inputs_[layer_id]) {
    copy(kept.blob->data(), kept.blob->count(), kept.copy->data());
  }
}

template <typename T>
void Net<T>::return_diffs(int layer_id) {
  for (const KeptInput& kept : kept_inputs_[layer_id]) {
    if (!bottom_need_backward_[layer_id][kept.bottom]) continue;
    copy(kept.copy->diff(), kept.blob->count(), kept.blob->diff());
  }
}

template class Net<float>;
template class Net<double>;

}  // namespace caffe
