#include "caffe/java_data_layer.hpp"

#include "caffe/layer_registry.hpp"
#include "caffe/layers/blob_shape.hpp"

namespace caffe {

template <typename T>
void JavaDataLayer<T>::layer_setup(const BlobVec<T>&, const BlobVec<T>&) {
  shape_ = to_shape(this->param_.java_data_param().shape());
  this->check(!shape_.empty(), Code::kBadNet, "java_data_param.shape is missing");
  for (int64_t extent : shape_) {
    this->check(extent > 0, Code::kBadNet, "java_data_param.shape ", shape_string(shape_),
                " has an extent that is not positive");
  }
}

template <typename T>
void JavaDataLayer<T>::set_batch_size(int64_t batch) {
  this->check(batch > 0, Code::kInvalidArgument, "a batch of ", batch, " items is not positive");
  shape_[0] = batch;
}

template <typename T>
void JavaDataLayer<T>::reshape(const BlobVec<T>&, const BlobVec<T>& top) {
  top[0]->reshape(shape_);
}

template <typename T>
void JavaDataLayer<T>::forward_pass(const BlobVec<T>&, const BlobVec<T>& top) {
  if (fed_) {
    fed_ = false;
    return;
  }
  this->check(callback_ != nullptr, Code::kCallback,
              "has no data: set its callback, or feed the net, before a forward pass");
  top[0]->reshape(shape_);
  // read_write: what the callback leaves out keeps its old values, whatever the format.
  callback_(top[0]->data().read_write(), shape_[0], Shape(shape_.begin() + 1, shape_.end()));
  top[0]->data().written();
}

template class JavaDataLayer<float>;
template class JavaDataLayer<double>;

CAFFE_REGISTER_LAYER(JavaData, JavaDataLayer);

}  // namespace caffe
