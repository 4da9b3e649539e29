// What is kept aside so that nets with layers in place have the gradients of nets without.
//
// Caffe lets a layer work in place that cannot write over what it reads: what it computes is then
// wrong at least in backward. Here the net gives it a copy of its bottom to read from, and to
// leave the gradient in. Likewise a layer in place may write over what the one before it needs in
// backward, its output: there the net gives it a copy of that.
#include <algorithm>
#include <map>
#include <utility>

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
void Net<T>::keep_overwritten_outputs() {
  std::map<int, std::pair<int, int>> writers;  // layer and top index, by blob
  kept_outputs_.resize(layers_.size());
  for (int id = 0; id < num_layers(); ++id) {
    for (size_t i = 0; i < top_ids_[id].size(); ++i) {
      const int blob = top_ids_[id][i];
      const auto before = writers.find(blob);
      if (before != writers.end()) {
        const auto [layer, top] = before->second;
        if (layer_need_backward_[layer] && layers_[layer]->backward_reads_tops()) {
          kept_outputs_[layer].push_back(
              {top, blobs_[blob].get(), std::make_unique<Blob<T>>(blobs_[blob]->shape())});
        }
      }
      writers[blob] = {id, static_cast<int>(i)};
    }
  }
}

template <typename T>
void Net<T>::keep_outputs(int layer_id) {
  for (const Kept& kept : kept_outputs_[layer_id]) {
    if (kept.copy->shape() != kept.blob->shape()) kept.copy->reshape(kept.blob->shape());
    copy(kept.blob->data(), kept.blob->count(), kept.copy->data());
  }
}

template <typename T>
void Net<T>::run_backward(int layer_id) {
  BlobVec<T> tops = top_vecs_[layer_id], bottoms = bottom_vecs_[layer_id];
  for (const Kept& kept : kept_outputs_[layer_id]) {
    kept.copy->share_diff(*kept.blob);
    kept.copy->set_format(kept.blob->format());
    tops[kept.index] = kept.copy.get();
    std::replace(bottoms.begin(), bottoms.end(), kept.blob, kept.copy.get());
  }
  layers_[layer_id]->backward(tops, bottom_need_backward_[layer_id], bottoms);
  return_diffs(layer_id);
}

template <typename T>
void Net<T>::keep_input(int layer_id, int bottom_id) {
  Kept kept{bottom_id, bottom_vecs_[layer_id][bottom_id], std::make_unique<Blob<T>>()};
  bottom_vecs_[layer_id][bottom_id] = kept.copy.get();
  kept_inputs_[layer_id].push_back(std::move(kept));
}

template <typename T>
void Net<T>::shape_kept_inputs(int layer_id) {
  for (const Kept& kept : kept_inputs_[layer_id]) {
    if (kept.copy->shape() != kept.blob->shape()) kept.copy->reshape(kept.blob->shape());
  }
}

template <typename T>
void Net<T>::check_kept_inputs(int layer_id) const {
  const Layer<T>& layer = *layers_[layer_id];
  for (const Kept& kept : kept_inputs_[layer_id]) {
    require(kept.copy->shape() == kept.blob->shape(), Code::kBadNet, "layer '", layer.name(), "' (",
            layer.type(), ") cannot work in place, because it changes the shape from ",
            shape_string(kept.copy->shape()), " to ", shape_string(kept.blob->shape()),
            ": give its top another name than '", layer.param().top(kept.index), "'");
  }
}

template <typename T>
void Net<T>::fill_kept_inputs(int layer_id) {
  shape_kept_inputs(layer_id);
  for (const Kept& kept : kept_inputs_[layer_id]) {
    copy(kept.blob->data(), kept.blob->count(), kept.copy->data());
  }
}

template <typename T>
void Net<T>::return_diffs(int layer_id) {
  for (const Kept& kept : kept_inputs_[layer_id]) {
    if (!bottom_need_backward_[layer_id][kept.index]) continue;
    copy(kept.copy->diff(), kept.blob->count(), kept.blob->diff());
  }
}

template class Net<float>;
template class Net<double>;

}  // namespace caffe
