#include <algorithm>

#include "caffe/layer_registry.hpp"
#include "caffe/layers/blob_shape.hpp"

namespace caffe {

// A parameter blob of parameter_param.shape as a top, so that it can be learned and given to
// any layer. The top shares the blob's values. Its gradient is added to the blob's, as those of
// all parameters are, where Caffe's layer shares that too and loses what was there.
template <typename T>
class ParameterLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "Parameter"; }
  CountRange bottom_count() const override { return {0, 0}; }

  void reshape(const BlobVec<T>&, const BlobVec<T>& top) override {
    if (top[0]->shape() == this->blobs_[0]->shape() && shared_) return;
    top[0]->reshape(this->blobs_[0]->shape());
    top[0]->share_data(*this->blobs_[0]);
    shared_ = true;
  }

 protected:
  void layer_setup(const BlobVec<T>&, const BlobVec<T>&) override {
    this->add_param(to_shape(this->param_.parameter_param().shape()), FillerParameter());
  }

  // A net that shares parameters gives the blob other memory after setup, when later layers
  // may share the top's already: then values are copied.
  void forward_pass(const BlobVec<T>&, const BlobVec<T>& top) override {
    if (top[0]->data_ptr() == this->blobs_[0]->data_ptr()) return;
    std::copy_n(this->blobs_[0]->data().read(), top[0]->count(), top[0]->data().write());
    top[0]->data().written();
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>&, const BlobVec<T>&) override {
    if (!this->param_propagate_down(0)) return;
    const T* dy = top[0]->diff().read();
    T* sum = this->blobs_[0]->diff().read_write();
    for (int64_t i = 0; i < top[0]->count(); ++i) sum[i] += dy[i];
    this->blobs_[0]->diff().written();
  }

 private:
  bool shared_ = false;
};

CAFFE_REGISTER_LAYER(Parameter, ParameterLayer);

}  // namespace caffe
