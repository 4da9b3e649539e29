#include "caffe/layer_registry.hpp"

namespace caffe {

// Swallows blobs that nobody reads, so that they are no outputs of the net. dx = 0.
template <typename T>
class SilenceLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "Silence"; }
  CountRange bottom_count() const override { return {1, -1}; }
  CountRange top_count() const override { return {0, 0}; }

  void reshape(const BlobVec<T>&, const BlobVec<T>&) override {}

 protected:
  void forward_pass(const BlobVec<T>&, const BlobVec<T>&) override {}

  void backward_pass(const BlobVec<T>&, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    for (size_t i = 0; i < bottom.size(); ++i) {
      if (propagate_down[i]) bottom[i]->diff().set_zero();
    }
  }
};

CAFFE_REGISTER_LAYER(Silence, SilenceLayer);

}  // namespace caffe
