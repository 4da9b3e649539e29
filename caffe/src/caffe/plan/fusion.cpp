// Layers that do the work of those behind them along with their own.
//
// A convolution rectifies its results before they leave the processor, batch normalisation scales,
// shifts and rectifies in the same pass over memory, and in nets without a backward pass all that
// is affine behind a convolution goes into its weights. That is done for layers in place one after
// the other: nobody can see the values between them, unless a run begins or ends there. Such a run,
// and one with debug_info, goes layer by layer.
#include <algorithm>

#include "caffe/net.hpp"

namespace caffe {

// The layers in place behind `head` that it may be asked to take on.
template <typename T>
std::vector<Layer<T>*> Net<T>::layers_behind(int head) const {
  std::vector<Layer<T>*> layers;
  if (top_ids_[head].size() != 1 || layers_[head]->loss(0) != T(0)) return layers;
  const Value<T>* below = &values_[top_ids_[head][0]];
  for (int id = head + 1; id < num_layers() && below->reader == id; ++id) {
    if (top_ids_[id].size() != 1 || bottom_ids_[id].size() != 1) break;
    const Value<T>& made = values_[top_ids_[id][0]];
    const Layer<T>& layer = *layers_[id];
    if (made.name != below->name || layer.in_place() != InPlace::kOver || layer.loss(0) != T(0)) {
      break;
    }
    const bool over = made.blob->data_ptr() == below->blob->data_ptr();
    // What goes into a head's parameters has no backward pass of its own any more.
    const bool runs_back = layer.is_affine() && layer_need_backward_[id];
    if ((!over || runs_back) && !layers_[head]->recomputes_followers()) break;
    layers.push_back(layers_[id].get());
    below = &made;
  }
  return layers;
}

template <typename T>
void Net<T>::fuse() {
  for (int id = 0; id < num_layers(); ++id) heads_.push_back(id);
  ran_fused_.assign(num_layers(), false);
  for (int head = 0; head < num_layers(); ++head) {
    const int last = head + layers_[head]->follow(layers_behind(head));
    for (int id = head; id <= last; ++id) heads_[id] = head;
    head = last;
  }
}

template <typename T>
std::vector<typename Net<T>::Step> Net<T>::steps() const {
  std::vector<Step> steps;
  for (int id = 0; id < num_layers(); ++id) {
    if (heads_[id] == id) steps.push_back({id, id});
    steps.back().last = id;
  }
  return steps;
}

// Whether the layer, the first one of a run that ends with `last`, goes with those behind it.
template <typename T>
bool Net<T>::runs_fused(int head, int last) const {
  const int behind = layers_[head]->followers();
  return behind > 0 && head + behind <= last && !debug_info_ &&
         !layers_[head]->needs_shaping(bottom_vecs_[head]);
}

template <typename T>
void Net<T>::forward_fused(int head) {
  layers_[head]->forward_fused(bottom_vecs_[head], top_vecs_[head + layers_[head]->followers()]);
  for (int i = 1; i <= layers_[head]->followers(); ++i) layers_[head + i]->run_by_another();
  ran_fused_[head] = true;
}

template <typename T>
void Net<T>::backward_fused(int head) {
  layers_[head]->backward_fused(top_vecs_[head + layers_[head]->followers()],
                                bottom_need_backward_[head], bottom_vecs_[head]);
}

// Computes the values that the fused forward pass has left out.
template <typename T>
void Net<T>::undo_fusion(int head) {
  ran_fused_[head] = false;
  for (int id = head; id <= head + layers_[head]->followers(); ++id) {
    layers_[id]->repeat(bottom_vecs_[id], top_vecs_[id]);
  }
}

template class Net<float>;
template class Net<double>;

}  // namespace caffe
