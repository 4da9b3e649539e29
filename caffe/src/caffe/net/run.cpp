// Running a net.
#include "caffe/java_data_layer.hpp"
#include "caffe/net.hpp"
#include "caffe/threads.hpp"

namespace caffe {

namespace {

template <typename T>
void note_shapes(const std::vector<std::shared_ptr<Blob<T>>>& blobs, std::vector<Shape>* shapes) {
  shapes->resize(blobs.size());
  for (size_t i = 0; i < blobs.size(); ++i) {
    if ((*shapes)[i] != blobs[i]->shape()) (*shapes)[i] = blobs[i]->shape();
  }
}

}  // namespace

template <typename T>
T Net<T>::forward(int first, int last) {
  require(first >= 0 && last < num_layers(), Code::kInvalidArgument, "layers ", first, " to ", last,
          " are not in 0..", num_layers() - 1);
  ThreadScope scope(threads_);
  prepare();
  if (first == 0 && feed_) run_feed();
  data_from_names(first, last);
  const bool whole = first == 0 && last == num_layers() - 1;
  value_lives_.begin(whole && !debug_info_);
  T loss = 0;
  for (int i = first; i <= last; ++i) {
    ran_fused_[i] = false;
    if (runs_fused(i, last)) {
      const int end = i + layers_[i]->followers();
      forward_fused(i);
      for (; i <= end; ++i) value_lives_.end(i);
      i = end;
      continue;
    }
    check_not_left_out(i);
    fill_one_array(i);
    loss += layers_[i]->forward(bottom_vecs_[i], top_vecs_[i]);
    check_versions(i);
    if (debug_info_) log_forward(i);
    value_lives_.end(i);
  }
  bind_names();  // a layer may have shaped its tops by values (Filter)
  data_to_names(first, last);
  note_shapes(blobs_, &shapes_);
  return loss;
}

template <typename T>
void Net<T>::backward(int last, int first) {
  require(first >= 0 && last < num_layers(), Code::kInvalidArgument, "layers ", last, " to ", first,
          " are not in 0..", num_layers() - 1);
  require(!only_forward(), Code::kState,
          "a net of the TEST phase that does not keep all values has no backward pass");
  require(planned_ && !shapes_changed(), Code::kState,
          "backward needs a forward pass with the same shapes first");
  ThreadScope scope(threads_);
  diffs_from_names(last, first);
  gradient_lives_.begin(first == 0 && last == num_layers() - 1 && !debug_info_);
  for (int i = last; i >= first; --i) {
    const int head = heads_[i];
    if (ran_fused_[head] && layers_[head]->absorbs_backward()) {
      const bool whole = i == head + layers_[head]->followers() && head >= first && !debug_info_;
      if (whole) {
        if (layer_need_backward_[i]) backward_fused(head);
        for (; i >= head; --i) gradient_lives_.end(i);
        i = head;
        continue;
      }
      if (layers_[head]->recomputes_followers()) undo_fusion(head);
    }
    if (!layer_need_backward_[i]) continue;
    layers_[i]->backward(top_vecs_[i], bottom_need_backward_[i], bottom_vecs_[i]);
    return_diffs(i);
    gradient_lives_.end(i);
    if (debug_info_) log_backward(i);
  }
  diffs_to_names(last, first);
  if (debug_info_) log_params();
}

template <typename T>
void Net<T>::reshape() {
  ThreadScope scope(threads_);
  planned_ = false;
  shapes_.clear();  // known again when all layers have theirs
  take_names_shapes();
  for (int i = 0; i < num_layers(); ++i) {
    shape_one_array(i);
    layers_[i]->update_shapes(bottom_vecs_[i], top_vecs_[i]);
    check_versions(i);
  }
  bind_names();
  note_shapes(blobs_, &shapes_);
}

// Callers may have reshaped inputs since the layers were shaped.
template <typename T>
bool Net<T>::shapes_changed() const {
  if (shapes_.size() != blobs_.size()) return true;
  for (size_t i = 0; i < blobs_.size(); ++i) {
    if (shapes_[i] != blobs_[i]->shape()) return true;
  }
  return false;
}

template <typename T>
void Net<T>::prepare() {
  if (shapes_changed()) reshape();
  if (!planned_) plan_formats();
}

template <typename T>
void Net<T>::run_feed() {
  if (java_data_layers_.empty()) return;
  std::vector<T*> tops;
  std::vector<int64_t> counts;
  for (int id : java_data_layers_) {
    tops.push_back(top_vecs_[id][0]->data().write());
    counts.push_back(top_vecs_[id][0]->count());
  }
  feed_(tops, counts);
  for (int id : java_data_layers_) {
    top_vecs_[id][0]->data().written();
    static_cast<JavaDataLayer<T>&>(*layers_[id]).set_fed();
  }
}

template <typename T>
void Net<T>::set_batch_size(int64_t batch) {
  require(batch > 0, Code::kInvalidArgument, "batch size ", batch, " is not positive");
  for (int id : java_data_layers_) {
    static_cast<JavaDataLayer<T>&>(*layers_[id]).set_batch_size(batch);
  }
  reshape();
}

template <typename T>
int Net<T>::layer_index(const std::string& name) const {
  const auto found = layer_index_.find(name);
  return found == layer_index_.end() ? -1 : found->second;
}

template <typename T>
Blob<T>* Net<T>::blob(const std::string& name) const {
  const auto found = blob_index_.find(name);
  return found == blob_index_.end() ? nullptr : blobs_[found->second].get();
}

template class Net<float>;
template class Net<double>;

}  // namespace caffe
