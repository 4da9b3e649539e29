// Building a net by Caffe's rules.
#include <algorithm>
#include <set>

#include "caffe/io.hpp"
#include "caffe/java_data_layer.hpp"
#include "caffe/layer_registry.hpp"
#include "caffe/net.hpp"
#include "caffe/net_graph.hpp"
#include "caffe/threads.hpp"

namespace caffe {

template <typename T>
Net<T>::Net(const NetParameter& param, std::shared_ptr<Random> random, int threads)
    : threads_(threads_or_all(threads)),
      random_(random ? std::move(random) : std::make_shared<Random>()) {
  ThreadScope scope(threads_);
  NetParameter current = param;
  upgrade_net(&current, param.name().empty() ? "the net" : cat("net '", param.name(), "'"));
  init(insert_splits(filter_layers(current)));
}

template <typename T>
void Net<T>::init(const NetParameter& param) {
  name_ = param.name();
  phase_ = param.state().phase();
  debug_info_ = param.debug_info();
  require(param.layer_size() > 0, Code::kBadNet, "net '", name_, "' has no layers in phase ",
          Phase_Name(phase_));
  Available available;
  for (const LayerParameter& layer : param.layer()) append_layer(layer, &available);
  find_layers_under_loss();
  if (param.force_backward()) force_backward();
  place_versions();
  drop_values_on_resize();
  fuse();
  bind_names();
  for (const auto& blob : blobs_) shapes_.push_back(blob->shape());
  for (const auto& output : available) output_blobs_.push_back(values_[output.second].name);
  for (int i = 0; i < num_layers(); ++i) {
    if (dynamic_cast<JavaDataLayer<T>*>(layers_[i].get()) != nullptr) {
      java_data_layers_.push_back(i);
    }
  }
}

template <typename T>
void Net<T>::set_seed(int64_t seed) {
  random_->seed(seed);
  for (const auto& layer : layers_) layer->reseed();
}

template <typename T>
void Net<T>::append_layer(const LayerParameter& param, Available* available) {
  const int id = num_layers();
  LayerParameter layer_param = param;
  if (!param.has_phase()) layer_param.set_phase(phase_);
  require(param.propagate_down_size() == 0 || param.propagate_down_size() == param.bottom_size(),
          Code::kBadNet, "layer '", param.name(),
          "': propagate_down must be given once per bottom: ", param.bottom_size(), " bottoms, ",
          param.propagate_down_size(), " flags");
  layers_.push_back(LayerRegistry<T>::create(layer_param, {layer_param.phase(), random_}));
  layer_index_.emplace(param.name(), id);
  bottom_vecs_.emplace_back();
  bottom_ids_.emplace_back();
  bottom_need_backward_.emplace_back();
  top_vecs_.emplace_back();
  top_ids_.emplace_back();
  for (int i = 0; i < param.bottom_size(); ++i) append_bottom(id, i, available);
  bool need_backward = std::any_of(bottom_ids_[id].begin(), bottom_ids_[id].end(),
                                   [&](int value) { return values_[value].needs_backward; });
  const int tops = layers_[id]->auto_top()
                       ? std::max(param.top_size(), layers_[id]->top_count().min)
                       : param.top_size();
  for (int i = 0; i < tops; ++i) append_top(id, i, available);
  layers_[id]->setup(bottom_vecs_[id], top_vecs_[id]);
  check_versions(id);
  append_params(id);
  for (size_t i = 0; i < layers_[id]->blobs().size(); ++i) {
    need_backward = need_backward || layers_[id]->param_propagate_down(static_cast<int>(i));
  }
  layer_need_backward_.push_back(need_backward);
  if (!need_backward) return;
  for (int value : top_ids_[id]) values_[value].needs_backward = true;
}

template <typename T>
void Net<T>::append_bottom(int layer_id, int bottom_id, Available* available) {
  const LayerParameter& param = layers_[layer_id]->param();
  const auto found = available->find(param.bottom(bottom_id));
  require(found != available->end(), Code::kBadNet, "layer '", param.name(), "': bottom ",
          bottom_id, ", '", param.bottom(bottom_id), "', is not the top of an earlier layer");
  const int id = found->second;
  available->erase(found);
  Value<T>& value = values_[id];
  value.reader = layer_id;
  value.bottom = bottom_id;
  bottom_ids_[layer_id].push_back(id);
  bottom_vecs_[layer_id].push_back(value.blob.get());
  bottom_need_backward_[layer_id].push_back(
      param.propagate_down_size() > 0 ? param.propagate_down(bottom_id) : value.needs_backward);
}

template <typename T>
void Net<T>::append_top(int layer_id, int top_id, Available* available) {
  const LayerParameter& param = layers_[layer_id]->param();
  const bool automatic = top_id >= param.top_size();
  const std::string name = automatic ? "(automatic)" : param.top(top_id);
  const auto known = automatic ? blob_index_.end() : blob_index_.find(name);
  int blob = static_cast<int>(blobs_.size());
  if (known != blob_index_.end()) {
    require(top_id < param.bottom_size() && param.bottom(top_id) == name, Code::kBadNet, "layer '",
            param.name(), "': top '", name, "' is made by an earlier layer already");
    require(layers_[layer_id]->in_place() != InPlace::kRefused, Code::kBadNet, "layer '",
            param.name(), "' (", param.type(),
            ") cannot work in place: give its top another name than '", name, "'");
    blob = known->second;
  } else {
    blobs_.emplace_back();
    blob_names_.push_back(name);
    versions_.emplace_back();
    if (!automatic) blob_index_[name] = blob;
    if (param.type() == "Input") input_blobs_.push_back(blob);
  }
  const int value = add_value(blob, layer_id, top_id);
  if (!automatic) (*available)[name] = value;
}

// Layers that no loss depends on need no backward pass, nor do those above which every
// path is cut (propagate_down false).
template <typename T>
void Net<T>::find_layers_under_loss() {
  std::set<int> under_loss, cut;  // values
  for (int id = num_layers() - 1; id >= 0; --id) {
    bool contributes = false, all_cut = true;
    for (size_t i = 0; i < top_ids_[id].size(); ++i) {
      const int value = top_ids_[id][i];
      contributes = contributes || layers_[id]->loss(static_cast<int>(i)) != T(0) ||
                    under_loss.count(value) > 0;
      all_cut = all_cut && cut.count(value) > 0;
    }
    const bool needed = contributes && !(layer_need_backward_[id] && all_cut);
    if (!needed) layer_need_backward_[id] = false;
    for (size_t i = 0; i < bottom_ids_[id].size(); ++i) {
      const int value = bottom_ids_[id][i];
      if (contributes) under_loss.insert(value);
      if (!needed) bottom_need_backward_[id][i] = false;
      if (!bottom_need_backward_[id][i]) cut.insert(value);
    }
  }
}

template <typename T>
void Net<T>::force_backward() {
  for (int id = 0; id < num_layers(); ++id) {
    layer_need_backward_[id] = true;
    for (size_t i = 0; i < bottom_ids_[id].size(); ++i) {
      if (!layers_[id]->allow_force_backward(static_cast<int>(i))) continue;
      bottom_need_backward_[id][i] = true;
      values_[bottom_ids_[id][i]].needs_backward = true;
    }
    for (size_t i = 0; i < layers_[id]->blobs().size(); ++i) {
      layers_[id]->set_param_propagate_down(static_cast<int>(i), true);
    }
  }
}

template class Net<float>;
template class Net<double>;

}  // namespace caffe
