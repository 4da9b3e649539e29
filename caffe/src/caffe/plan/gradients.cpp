// Memory that gradients of values share.
#include <algorithm>
#include <map>

#include "caffe/net.hpp"

namespace caffe {

template <typename T>
void Net<T>::keep_gradients(bool keep) {
  gradient_pool_ = keep ? nullptr : std::make_shared<ArrayPool<T>>();
  last_read_by_.assign(num_layers(), {});
  std::map<Storage<T>*, int> readers;  // the last one of all values that have the memory
  for (const Value<T>& value : values_) {
    Storage<T>* const gradient = value.blob->diff_ptr().get();
    const auto found = readers.emplace(gradient, value.maker).first;
    found->second = std::min(found->second, value.maker);
    // It is the loss's weight, and has to stay.
    if (layers_[value.maker]->loss(value.top) != T(0)) found->second = -1;
  }
  for (const auto& [gradient, reader] : readers) {
    gradient->share_pool(reader < 0 ? nullptr : gradient_pool_);
    if (!keep && reader >= 0) last_read_by_[reader].push_back(gradient);
  }
}

template <typename T>
void Net<T>::release_gradients(int layer_id) {
  if (!gradient_pool_) return;
  for (Storage<T>* gradient : last_read_by_[layer_id]) gradient->release();
}

template class Net<float>;
template class Net<double>;

}  // namespace caffe
