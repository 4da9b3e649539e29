// Layers that read their data themselves: Data, ImageData, WindowData.
#pragma once

#include <future>
#include <memory>
#include <vector>

#include "caffe/copy_values.hpp"
#include "caffe/layer.hpp"

namespace caffe {

// One pass' worth of items. shape[0] is the number of items.
template <typename T>
struct Batch {
  Shape shape;
  std::vector<T> data, labels;
};

// Where batches come from. Called by one thread at a time, but not always by the same one.
template <typename T>
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  // Shape of the first batch; takes no item away.
  virtual Shape first_shape() = 0;
  virtual void load(Batch<T>* batch) = 0;
  // Draws of later batches come from seeds that `seeds` gives now.
  virtual void reseed(Random* seeds) = 0;
};

// Tops: data and, unless the layer has one top only, labels (N). While a pass runs, a thread loads
// the batch of the next one. What fails there is thrown by the pass that would have got the batch;
// the pass after it goes on with the next items.
template <typename T>
class BatchLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  CountRange bottom_count() const override { return {0, 0}; }
  CountRange top_count() const override { return {2, 2}; }
  void reshape(const BlobVec<T>&, const BlobVec<T>&) override {}
  // The batch that is being loaded keeps the draws it has.
  void reseed() override {
    if (next_.valid()) next_.wait();
    source_->reseed(this->random_.get());
  }

 protected:
  virtual std::unique_ptr<BatchSource<T>> open() = 0;

  void layer_setup(const BlobVec<T>&, const BlobVec<T>& top) override {
    source_ = open();
    shape_tops(source_->first_shape(), top);
  }

  void forward_pass(const BlobVec<T>&, const BlobVec<T>& top) override {
    if (!next_.valid()) next_ = std::async(std::launch::deferred, [this] { load(); });
    next_.get();
    shape_tops(batch_.shape, top);
    copy(batch_.data, top[0]);
    if (top.size() > 1) copy(batch_.labels, top[1]);
    next_ = std::async(std::launch::async, [this] { load(); });
  }

  void backward_pass(const BlobVec<T>&, const std::vector<bool>&, const BlobVec<T>&) override {}

 private:
  void load() { source_->load(&batch_); }

  static void shape_tops(const Shape& shape, const BlobVec<T>& top) {
    top[0]->reshape(shape);
    if (top.size() > 1) top[1]->reshape({shape[0]});
  }

  static void copy(const std::vector<T>& values, Blob<T>* blob) {
    copy_values(values.data(), static_cast<int64_t>(values.size()), blob->data().write());
    blob->data().written();
  }

  std::unique_ptr<BatchSource<T>> source_;
  Batch<T> batch_;
  std::future<void> next_;  // the last member: its end waits for the thread that uses the others
};

}  // namespace caffe
