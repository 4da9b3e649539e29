// Layers that do the work of those behind them along with their own.
//
// A convolution rectifies its results before they leave the processor, batch normalisation scales,
// shifts and rectifies in the same pass over memory, and in nets without a backward pass all that
// is affine behind a convolution goes into its weights. That is done for layers in place one after
// the other: nobody can see the values between them, unless a run begins or ends there. Such a run,
// and one with debug_info, goes layer by layer.
//
// There a convolution adds the other bottom of a sum behind it, too, unless the blob that has its
// own results is to be kept: those are never in memory then.
#include <algorithm>
#include <utility>

#include "caffe/net.hpp"

namespace caffe {

// The layers in place behind `head` that it may be asked to take on.
template <typename T>
std::vector<Layer<T>*> Net<T>::layers_behind(int head) const {
  std::vector<Layer<T>*> layers;
  if (top_ids_[head].size() != 1 || layers_[head]->loss(0) != T(0)) return layers;
  const Value<T>* below = &values_[top_ids_[head][0]];
  for (int id = head + 1; id < num_layers() && below->reader == id; ++id) {
    if (top_ids_[id].size() != 1 || layers_[id]->loss(0) != T(0)) break;
    const Value<T>& made = values_[top_ids_[id][0]];
    if (!follows_in_place(head, *below, made) && !follows_as_sum(head, *below, made)) break;
    layers.push_back(layers_[id].get());
    below = &made;
  }
  return layers;
}

// Whether the layer that makes one value of the other, which it reads, may be asked for.
template <typename T>
bool Net<T>::follows_in_place(int head, const Value<T>& below, const Value<T>& made) const {
  const Layer<T>& layer = *layers_[made.maker];
  if (bottom_ids_[made.maker].size() != 1 || made.name != below.name) return false;
  if (layer.in_place() != InPlace::kOver) return false;
  if (only_forward() || layers_[head]->recomputes_followers()) return true;
  const bool over = made.blob->data_ptr() == below.blob->data_ptr();
  // What goes into a head's parameters has no backward pass of its own any more.
  return over && !(layer.is_affine() && layer_need_backward_[made.maker]);
}

template <typename T>
bool Net<T>::follows_as_sum(int head, const Value<T>& below, const Value<T>& made) const {
  if (!layers_[made.maker]->adds_two()) return false;
  const Value<T>& term = values_[bottom_ids_[made.maker][1 - below.bottom]];
  const bool kept = made.name != below.name && (!kept_ || kept_->count(below.name) > 0);
  // Whether it may lie where the term lies is asked in each pass.
  return !kept && term.maker < head && term.blob->data_ptr() != made.blob->data_ptr();
}

template <typename T>
void Net<T>::fuse() {
  heads_.clear();
  for (int id = 0; id < num_layers(); ++id) heads_.push_back(id);
  ran_fused_.assign(num_layers(), false);
  sums_.assign(num_layers(), {});
  for (const auto& layer : layers_) layer->follow({});
  for (int head = 0; head < num_layers(); ++head) {
    const int last = head + layers_[head]->follow(layers_behind(head));
    for (int id = head; id <= last; ++id) heads_[id] = head;
    note_sum(head);
    head = last;
  }
}

template <typename T>
void Net<T>::note_sum(int head) {
  for (int id = head + 1; id <= head + layers_[head]->followers(); ++id) {
    if (bottom_ids_[id].size() != 2) continue;
    const int below = top_ids_[id - 1][0], own = values_[below].bottom;
    const bool over = values_[below].blob->data_ptr() == top_vecs_[id][0]->data_ptr();
    sums_[head] = {id, over ? -1 : below, bottom_vecs_[id][1 - own]};
  }
}

template <typename T>
void Net<T>::keep_values(std::optional<std::set<int>> blobs) {
  if (kept_ == blobs) return;
  kept_ = std::move(blobs);
  fuse();
  share_values();
  planned_ = false;
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
  if (behind == 0 || head + behind > last || debug_info_) return false;
  const int left_out = sums_[head].left_out;
  if (left_out >= 0 && values_[left_out].blob->data_ptr()->pinned()) return false;
  // What a sum adds may have another shape than it had.
  for (int id = head; id <= head + behind; ++id) {
    if (layers_[id]->needs_shaping(bottom_vecs_[id])) return false;
  }
  return true;
}

template <typename T>
void Net<T>::forward_fused(int head) {
  const int last = head + layers_[head]->followers();
  const FusedSum& sum = sums_[head];
  if (sum.layer < 0) {
    layers_[head]->forward_fused(bottom_vecs_[head], top_vecs_[last]);
  } else {
    Blob<T>* const top = top_vecs_[last][0];
    Blob<T>* const own = bottom_vecs_[head][0];
    Storage<T>& term = sum.term->data();
    // Where nobody reads the term any more, the sum lies in its place.
    const bool ends = value_lives_.ends_with(term, sum.layer) && own->data_ptr().get() != &term;
    const bool taken = ends && top->data().take(term);
    layers_[head]->forward_fused({own, taken ? top : sum.term}, top_vecs_[last]);
  }
  for (int i = head + 1; i <= last; ++i) layers_[i]->run_by_another();
  if (sum.left_out >= 0) values_[sum.left_out].blob->data().leave_out();
  ran_fused_[head] = true;
}

// A run may begin with a layer that reads what an earlier one has left out.
template <typename T>
void Net<T>::check_not_left_out(int layer_id) const {
  for (const int bottom : bottom_ids_[layer_id]) {
    const Value<T>& value = values_[bottom];
    const bool gone = value.blob->data_ptr()->released() && value.blob->count() > 0;
    require(!gone, Code::kState, "layer '", layers_[layer_id]->name(), "' reads blob '",
            blob_names_[value.name],
            "', which the last pass has left out: keep it, or begin with layer '",
            layers_[heads_[value.maker]]->name(), "'");
  }
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
