#include "caffe/memory_data_layer.hpp"

#include <algorithm>

#include "caffe/layer_registry.hpp"

namespace caffe {

template <typename T>
void MemoryDataLayer<T>::layer_setup(const BlobVec<T>&, const BlobVec<T>&) {
  const MemoryDataParameter& p = this->param_.memory_data_param();
  shape_ = {p.batch_size(), p.channels(), p.height(), p.width()};
  this->check(*std::min_element(shape_.begin(), shape_.end()) > 0, Code::kBadNet,
              "memory_data_param needs a positive batch_size, channels, height and width");
}

template <typename T>
void MemoryDataLayer<T>::reshape(const BlobVec<T>&, const BlobVec<T>& top) {
  top[0]->reshape(shape_);
  top[1]->reshape({shape_[0], 1, 1, 1});
}

template <typename T>
void MemoryDataLayer<T>::reset(const T* data, int64_t data_count, const T* labels, int64_t items) {
  this->check(items > 0 && items % shape_[0] == 0, Code::kInvalidArgument, "got ", items,
              " labels, which is no positive multiple of its batch_size ", shape_[0]);
  const int64_t item = product(shape_, 1, shape_.size());
  // Divided, for a product of both might overflow.
  this->check(data_count % item == 0 && data_count / item == items, Code::kShape, "got ",
              data_count, " values for ", items, " labels; an item has ", item, " values");
  // Taken first, so that nothing has changed if memory is short.
  labels_.reserve(items);
  data_.assign(data, data + data_count);
  labels_.assign(labels, labels + items);
  next_ = 0;
}

template <typename T>
void MemoryDataLayer<T>::forward_pass(const BlobVec<T>&, const BlobVec<T>& top) {
  this->check(!labels_.empty(), Code::kState, "has no data: give it some before a forward pass");
  const int64_t batch = shape_[0], item = product(shape_, 1, shape_.size());
  std::copy_n(data_.data() + next_ * item, batch * item, top[0]->data().write());
  top[0]->data().written();
  std::copy_n(labels_.data() + next_, batch, top[1]->data().write());
  top[1]->data().written();
  next_ = (next_ + batch) % static_cast<int64_t>(labels_.size());
}

template class MemoryDataLayer<float>;
template class MemoryDataLayer<double>;

CAFFE_REGISTER_LAYER(MemoryData, MemoryDataLayer);

}  // namespace caffe
