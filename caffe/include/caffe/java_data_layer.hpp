// JavaData: a layer whose top is filled from the JVM once per forward pass.
#pragma once

#include <functional>
#include <vector>

#include "caffe/layer.hpp"

namespace caffe {

// Tops: one blob of java_data_param.shape; dimension 0 is the batch. It is filled by the
// layer's own callback or by the net's feed (Net::set_feed), which goes first.
template <typename T>
class JavaDataLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  // Must write all batch * product(item) values; throws to fail the running pass.
  using Callback = std::function<void(T* data, int64_t batch, const Shape& item)>;

  void set_callback(Callback callback) { callback_ = std::move(callback); }
  // First extent of the top from the next reshape on. Throws kInvalidArgument unless > 0.
  void set_batch_size(int64_t batch);
  // Tells the layer that the net's feed has filled the top for the next pass.
  void set_fed() { fed_ = true; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override;
  const char* type() const override { return "JavaData"; }
  CountRange bottom_count() const override { return {0, 0}; }
  CountRange top_count() const override { return {1, 1}; }

 protected:
  void layer_setup(const BlobVec<T>& bottom, const BlobVec<T>& top) override;
  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override;
  void backward_pass(const BlobVec<T>&, const std::vector<bool>&, const BlobVec<T>&) override {}

 private:
  Shape shape_;
  Callback callback_;
  bool fed_ = false;
};

}  // namespace caffe
