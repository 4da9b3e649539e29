// A net's parameters: multipliers, sharing by name, flat copies.
#include "caffe/flat_copy.hpp"
#include "caffe/net.hpp"
#include "caffe/threads.hpp"

namespace caffe {

template <typename T>
void Net<T>::append_params(int layer_id) {
  Layer<T>& layer = *layers_[layer_id];
  const int count = static_cast<int>(layer.blobs().size());
  const LayerParameter& param = layer.param();
  require(param.param_size() <= count, Code::kBadNet, "layer '", layer.name(), "' has ", count,
          " parameter blobs, but ", param.param_size(), " `param` entries");
  for (int i = 0; i < count; ++i) {
    const ParamSpec spec = i < param.param_size() ? param.param(i) : ParamSpec();
    layer.set_param_propagate_down(i, spec.lr_mult() != 0);
    const auto owner = param_owners_.find(spec.name());
    if (!spec.name().empty() && owner != param_owners_.end()) {
      share_param(layer_id, i, &learnable_[owner->second]);
      continue;
    }
    if (!spec.name().empty()) param_owners_[spec.name()] = static_cast<int>(learnable_.size());
    learnable_.push_back({layer.blobs()[i], layer_id, i, spec.lr_mult(), spec.decay_mult(),
                          spec.has_lr_mult(), spec.has_decay_mult()});
  }
}

namespace {

// An explicit multiplier of a sharer must agree with the owner's, or sets it.
void agree(bool given, float value, bool* owner_given, float* owner_value, const char* field,
           const std::string& layer, const std::string& name) {
  if (!given) return;
  require(!*owner_given || *owner_value == value, Code::kBadNet, "layer '", layer, "': ", field,
          " ", value, " of the shared parameter '", name, "' differs from its owner's, ",
          *owner_value);
  *owner_given = true;
  *owner_value = value;
}

}  // namespace

template <typename T>
void Net<T>::share_param(int layer_id, int param_id, LearnableParam* owner) {
  Layer<T>& layer = *layers_[layer_id];
  const ParamSpec& spec = layer.param().param(param_id);
  Blob<T>& blob = *layer.blobs()[param_id];
  const bool permissive = spec.share_mode() == ParamSpec::PERMISSIVE;
  require(permissive ? blob.count() == owner->blob->count() : blob.shape() == owner->blob->shape(),
          Code::kShape, "layer '", layer.name(), "': parameter '", spec.name(), "' of shape ",
          shape_string(blob.shape()), " cannot be shared with that of layer '",
          layers_[owner->layer]->name(), "', of shape ", shape_string(owner->blob->shape()));
  agree(spec.has_lr_mult(), spec.lr_mult(), &owner->lr_mult_given, &owner->lr_mult, "lr_mult",
        layer.name(), spec.name());
  agree(spec.has_decay_mult(), spec.decay_mult(), &owner->decay_mult_given, &owner->decay_mult,
        "decay_mult", layer.name(), spec.name());
  blob.share_data(*owner->blob);
  blob.share_diff(*owner->blob);
}

template <typename T>
int64_t Net<T>::weights_count() const {
  int64_t count = 0;
  for (const LearnableParam& param : learnable_) count += param.blob->count();
  return count;
}

template <typename T>
void Net<T>::read_weights(T* values) const {
  ThreadScope scope(threads_);
  for (const LearnableParam& param : learnable_) {
    read_flat(param.blob->data(), param.blob->count(), values);
    values += param.blob->count();
  }
}

template <typename T>
void Net<T>::write_weights(const T* values) {
  ThreadScope scope(threads_);
  for (const LearnableParam& param : learnable_) {
    write_flat(values, param.blob->count(), &param.blob->data());
    values += param.blob->count();
  }
}

template <typename T>
void Net<T>::clear_param_diffs() {
  for (const LearnableParam& param : learnable_) param.blob->diff().set_zero();
}

template <typename T>
void Net<T>::share_trained_layers_with(const Net& other) {
  for (const auto& source : other.layers_) {
    const int id = layer_index(source->name());
    if (id < 0) continue;
    Layer<T>& target = *layers_[id];
    require(source->blobs().size() == target.blobs().size(), Code::kShape, "layer '", target.name(),
            "' has ", target.blobs().size(), " parameter blobs, that of net '", other.name_,
            "' has ", source->blobs().size());
    for (size_t i = 0; i < target.blobs().size(); ++i) {
      const Shape& theirs = source->blobs()[i]->shape();
      require(target.blobs()[i]->shape() == theirs, Code::kShape, "layer '", target.name(),
              "': parameter ", i, " has shape ", shape_string(target.blobs()[i]->shape()),
              ", that of net '", other.name_, "' has shape ", shape_string(theirs));
      target.blobs()[i]->share_data(*source->blobs()[i]);
    }
  }
}

template class Net<float>;
template class Net<double>;

}  // namespace caffe
