// Values of the graph: where those of one name lie, and what the name shows of them.
//
// A layer in place makes a new value. It lies over the one that it is made of where nobody needs
// that any more: no layer in backward, no other reader of the same memory. Else it has memory of
// its own, and gradients are those of a net without layers in place. Gradients always lie over each
// other, if the layer can work so.
//
// The blob that users find by name is that of its only value, or has the last value's data and the
// first one's diff. If a run begins or ends between them, the value there is copied from or to it,
// since to users the blob is one array.
#include <algorithm>
#include <set>
#include <utility>

#include "caffe/copy_values.hpp"
#include "caffe/net.hpp"

namespace caffe {

namespace {

template <typename T>
void copy(const std::shared_ptr<Storage<T>>& from, const std::shared_ptr<Storage<T>>& to) {
  if (from == to || from->count() != to->count()) return;
  copy_values(from->read(), static_cast<int64_t>(from->count()), to->write());
  to->written();
}

}  // namespace

template <typename T>
int Net<T>::add_value(int name, int maker, int top) {
  const int id = static_cast<int>(values_.size());
  Value<T> value;
  value.name = name;
  value.maker = maker;
  value.top = top;
  value.blob = std::make_shared<Blob<T>>();
  versions_[name].push_back(id);
  // What is shown of several is a blob of its own.
  blobs_[name] = versions_[name].size() == 1 ? value.blob : std::make_shared<Blob<T>>();
  top_ids_[maker].push_back(id);
  top_vecs_[maker].push_back(value.blob.get());
  if (versions_[name].size() > 1 && layers_[maker]->in_place() == InPlace::kOneArray) {
    value.blob->reshape(bottom_vecs_[maker][top]->shape());
    bottom_vecs_[maker][top] = value.blob.get();
  }
  values_.push_back(std::move(value));
  return id;
}

// use(blob that users find, its values) for all blobs that have several.
template <typename T>
template <typename Use>
void Net<T>::for_versions(const Use& use) const {
  for (size_t id = 0; id < blobs_.size(); ++id) {
    if (versions_[id].size() > 1) use(*blobs_[id], versions_[id]);
  }
}

// Whether users write it before each pass.
template <typename T>
bool Net<T>::comes_from_outside(const Value<T>& value) const {
  return layers_[value.maker]->type() == std::string("Input");
}

template <typename T>
std::vector<int> Net<T>::top_ids(int layer) const {
  std::vector<int> names;
  for (int value : top_ids_[layer]) names.push_back(values_[value].name);
  return names;
}

// Caffe's layers in place write as many values as they read, so a net that changes the shape is a
// mistake there.
template <typename T>
void Net<T>::check_versions(int layer_id) const {
  const Layer<T>& layer = *layers_[layer_id];
  for (size_t i = 0; i < std::min(top_ids_[layer_id].size(), bottom_ids_[layer_id].size()); ++i) {
    const Value<T>&made = values_[top_ids_[layer_id][i]], &read = values_[bottom_ids_[layer_id][i]];
    if (made.name != read.name) continue;
    const bool over = layer.in_place() == InPlace::kOver;
    require(
        over ? made.blob->count() == read.blob->count() : made.blob->shape() == read.blob->shape(),
        Code::kBadNet, "layer '", layer.name(), "' (", layer.type(),
        ") cannot work in place, because it changes the shape from ",
        shape_string(read.blob->shape()), " to ", shape_string(made.blob->shape()),
        ": give its top another name than '", layer.param().top(static_cast<int>(i)), "'");
  }
}

// Whether `value`, which shares memory with what `writer` would write over, is needed later.
template <typename T>
bool Net<T>::is_needed_later(const Value<T>& value, int writer) const {
  const Layer<T>& maker = *layers_[value.maker];
  // Sources may give the same memory in every pass.
  if (bottom_ids_[value.maker].empty() && !comes_from_outside(value)) return true;
  if (layer_need_backward_[value.maker] && maker.backward_reads_tops()) return true;
  if (value.reader < 0) return true;  // an output of the net
  const Layer<T>& reader = *layers_[value.reader];
  const bool read_back = layer_need_backward_[value.reader] && reader.backward_reads_bottoms();
  if (value.reader == writer) return read_back && !reader.top_serves_as_bottom();
  if (read_back) return true;
  return value.reader > writer && !reader.top_shares_bottom();
}

// Whether the value, made in place, may have the memory of the one that it is made of.
template <typename T>
bool Net<T>::may_lie_over(const Value<T>& made) const {
  const Value<T>& below = values_[bottom_ids_[made.maker][made.top]];
  return std::none_of(values_.begin(), values_.end(), [&](const Value<T>& value) {
    return value.blob->data_ptr() == below.blob->data_ptr() && is_needed_later(value, made.maker);
  });
}

template <typename T>
void Net<T>::place_versions() {
  for (int id = 0; id < num_layers(); ++id) {
    const Layer<T>& layer = *layers_[id];
    for (int top : top_ids_[id]) {
      const Value<T>& made = values_[top];
      if (layer.in_place() != InPlace::kOver || versions_[made.name].front() == top) continue;
      const Blob<T>& below = *values_[bottom_ids_[id][made.top]].blob;
      if (may_lie_over(made)) made.blob->share_data(below);
      // The diff of a loss is its weight, which has to stay.
      if (layer.loss(made.top) == T(0)) made.blob->share_diff(below);
    }
    if (layer.top_shares_bottom()) layers_[id]->update_shapes(bottom_vecs_[id], top_vecs_[id]);
  }
}

// Values are computed anew for other shapes, but for those that come from outside.
template <typename T>
void Net<T>::drop_values_on_resize() {
  std::set<const Storage<T>*> kept;
  for (const Value<T>& value : values_) {
    if (bottom_ids_[value.maker].empty()) kept.insert(value.blob->data_ptr().get());
    if (layers_[value.maker]->loss(value.top) != T(0)) kept.insert(value.blob->diff_ptr().get());
  }
  for (const Value<T>& value : values_) {
    for (const auto& storage : {value.blob->data_ptr(), value.blob->diff_ptr()}) {
      if (kept.count(storage.get()) == 0) storage->drop_on_resize();
    }
  }
}

template <typename T>
void Net<T>::take_names_shapes() {
  for (int id : input_blobs_) values_[versions_[id].front()].blob->reshape(blobs_[id]->shape());
}

template <typename T>
void Net<T>::bind_names() {
  for_versions([&](Blob<T>& shown, const std::vector<int>& versions) {
    const Blob<T>&first = *values_[versions.front()].blob, &last = *values_[versions.back()].blob;
    shown.reshape(last.shape());
    shown.share_data(last);
    shown.share_diff(first);
    shown.set_format(last.format());
  });
}

// The array that a layer takes for its bottom and its top.
template <typename T>
void Net<T>::shape_one_array(int layer_id) {
  if (layers_[layer_id]->in_place() != InPlace::kOneArray) return;
  for (size_t i = 0; i < bottom_vecs_[layer_id].size(); ++i) {
    Blob<T>&array = *bottom_vecs_[layer_id][i], &read = *values_[bottom_ids_[layer_id][i]].blob;
    if (&array != &read && array.shape() != read.shape()) array.reshape(read.shape());
  }
}

template <typename T>
void Net<T>::fill_one_array(int layer_id) {
  shape_one_array(layer_id);
  for (size_t i = 0; i < bottom_vecs_[layer_id].size(); ++i) {
    copy(values_[bottom_ids_[layer_id][i]].blob->data_ptr(), bottom_vecs_[layer_id][i]->data_ptr());
  }
}

template <typename T>
void Net<T>::return_diffs(int layer_id) {
  for (size_t i = 0; i < bottom_vecs_[layer_id].size(); ++i) {
    if (!bottom_need_backward_[layer_id][i]) continue;
    copy(bottom_vecs_[layer_id][i]->diff_ptr(), values_[bottom_ids_[layer_id][i]].blob->diff_ptr());
  }
}

// A run of the layers [first, last] begins with what the names show.
template <typename T>
void Net<T>::data_from_names(int first, int last) const {
  for_versions([&](const Blob<T>& shown, const std::vector<int>& versions) {
    const Value<T>* begin = nullptr;
    for (int id : versions) {
      if (values_[id].maker < first || comes_from_outside(values_[id])) begin = &values_[id];
    }
    if (begin == nullptr || begin->reader < first || begin->reader > last) return;
    copy(shown.data_ptr(), begin->blob->data_ptr());
  });
}

template <typename T>
void Net<T>::data_to_names(int first, int last) const {
  for_versions([&](const Blob<T>& shown, const std::vector<int>& versions) {
    const Value<T>* end = nullptr;
    for (int id : versions) {
      if (values_[id].maker >= first && values_[id].maker <= last) end = &values_[id];
    }
    if (end != nullptr) copy(end->blob->data_ptr(), shown.data_ptr());
  });
}

template <typename T>
void Net<T>::diffs_from_names(int last, int first) const {
  for_versions([&](const Blob<T>& shown, const std::vector<int>& versions) {
    const Value<T>* begin = nullptr;
    for (int id : versions) {
      if (values_[id].maker <= last) begin = &values_[id];
    }
    if (begin == nullptr || begin->maker < first) return;
    const bool given = begin->reader < 0 || begin->reader > last;
    const bool is_loss = layers_[begin->maker]->loss(begin->top) != T(0);
    if (given && !is_loss) copy(shown.diff_ptr(), begin->blob->diff_ptr());
  });
}

template <typename T>
void Net<T>::diffs_to_names(int last, int first) const {
  for_versions([&](const Blob<T>& shown, const std::vector<int>& versions) {
    for (int id : versions) {
      const Value<T>& value = values_[id];
      if (value.reader < first || value.reader > last) continue;
      if (!bottom_need_backward_[value.reader][value.bottom]) continue;
      copy(value.blob->diff_ptr(), shown.diff_ptr());
      return;
    }
  });
}

template class Net<float>;
template class Net<double>;

}  // namespace caffe
