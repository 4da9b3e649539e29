// Memory that values share with each other, and gradients with gradients, in nets where nobody
// looks at them. Only passes of the whole net do so: whoever runs a part looks at what is between
// the parts.
#include <algorithm>

#include "caffe/net.hpp"

namespace caffe {

template <typename T>
void Net<T>::keep_gradients(bool keep) {
  typename Lifetimes<T>::Readers readers;  // of all values that have the memory
  for (const Value<T>& value : values_) {
    int& last = readers.emplace(value.blob->diff_ptr().get(), value.maker).first->second;
    last = std::min(last, value.maker);
    // It is the loss's weight, and has to stay.
    if (layers_[value.maker]->loss(value.top) != T(0)) last = -1;
  }
  if (keep) return gradient_lives_.keep(readers);
  gradient_lives_.share(readers, num_layers());
}

// Where a backward pass may follow, it finds the values that it reads.
template <typename T>
void Net<T>::share_values() {
  typename Lifetimes<T>::Readers readers;
  for (const Value<T>& value : values_) {
    int& last = readers.emplace(value.blob->data_ptr().get(), 0).first->second;
    const bool looked_at = value.reader < 0 || !kept_ || kept_->count(value.name) > 0;
    // Sources may give the same memory in every pass.
    const bool stays = looked_at || bottom_ids_[value.maker].empty();
    last = stays || last < 0 ? -1 : std::max(last, value.reader);
  }
  const bool runs_back = std::find(layer_need_backward_.begin(), layer_need_backward_.end(),
                                   true) != layer_need_backward_.end();
  if (!kept_ || (runs_back && !only_forward())) return value_lives_.keep(readers);
  value_lives_.share(readers, num_layers());
}

template class Net<float>;
template class Net<double>;

}  // namespace caffe
