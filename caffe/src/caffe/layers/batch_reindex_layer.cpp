#include <algorithm>

#include "caffe/copy_values.hpp"
#include "caffe/layer_registry.hpp"
#include "caffe/layers/columns.hpp"
#include "caffe/layers/indices.hpp"
#include "caffe/layers/rows.hpp"

namespace caffe {

// Picks items of bottom 0, any number of times each: y_i = x[index_i], the indices being
// bottom 1, which has one axis. dx is the sum of dy over the places an item was picked for.
template <typename T>
class BatchReindexLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "BatchReindex"; }
  CountRange bottom_count() const override { return {2, 2}; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    this->check(bottom[0]->num_axes() > 0, Code::kShape, "needs a bottom 0 with axes");
    this->check(bottom[1]->num_axes() == 1, Code::kShape,
                "indices (bottom 1) must have one axis, but have shape ",
                shape_string(bottom[1]->shape()));
    Shape shape = bottom[0]->shape();
    shape[0] = bottom[1]->dim(0);
    top[0]->reshape(shape);
    item_ = bottom[0]->count(1);
    indices_.resize(bottom[1]->count());
  }

 protected:
  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const T* x = bottom[0]->data().read();
    indices_ = read_indices(*bottom[1], bottom[0]->dim(0), "index");
    T* y = top[0]->data().write();
    for_row_ranges(bottom[1]->count(), item_, [&](int64_t i, int64_t first, int64_t n) {
      std::copy_n(x + indices_[i] * item_ + first, n, y + i * item_ + first);
    });
    top[0]->data().written();
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    this->check(!propagate_down[1], Code::kUnsupported,
                "cannot give its indices (bottom 1) a gradient");
    if (!propagate_down[0]) return;
    const T* dy = top[0]->diff().read();
    T* dx = bottom[0]->diff().write();
    fill_values(T(0), bottom[0]->count(), dx);
    // An item may be picked more than once: a thread does a part of all items.
    for_columns<T>(bottom[1]->count(), item_, [&](int64_t first, int64_t n) {
      for (int64_t i = 0; i < bottom[1]->count(); ++i) {
        const T* from = dy + i * item_ + first;
        T* to = dx + indices_[i] * item_ + first;
#pragma omp simd
        for (int64_t k = 0; k < n; ++k) to[k] += from[k];
      }
    });
    bottom[0]->diff().written();
  }

 private:
  int64_t item_ = 0;
  std::vector<int64_t> indices_;  // of the last forward pass
};

CAFFE_REGISTER_LAYER(BatchReindex, BatchReindexLayer);

}  // namespace caffe
