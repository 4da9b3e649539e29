#include "caffe/layer_registry.hpp"
#include "caffe/layers/blob_shape.hpp"

namespace caffe {

// Blobs that the caller fills: the inputs of the net. input_param.shape has one shape per
// top, one for all, or none (then the caller shapes them).
template <typename T>
class InputLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "Input"; }
  CountRange bottom_count() const override { return {0, 0}; }
  CountRange top_count() const override { return {1, -1}; }

  // Nothing: shapes that the caller has changed stay.
  void reshape(const BlobVec<T>&, const BlobVec<T>&) override {}

 protected:
  void layer_setup(const BlobVec<T>&, const BlobVec<T>& top) override {
    const InputParameter& p = this->param_.input_param();
    const int given = p.shape_size();
    this->check(given <= 1 || given == static_cast<int>(top.size()), Code::kBadNet,
                "input_param.shape must be given once or once per top: ", top.size(), " tops, ",
                given, " shapes");
    for (size_t i = 0; i < top.size() && given > 0; ++i) {
      top[i]->reshape(to_shape(p.shape(given == 1 ? 0 : static_cast<int>(i))));
    }
  }

  void forward_pass(const BlobVec<T>&, const BlobVec<T>&) override {}
  void backward_pass(const BlobVec<T>&, const std::vector<bool>&, const BlobVec<T>&) override {}
};

CAFFE_REGISTER_LAYER(Input, InputLayer);

}  // namespace caffe
