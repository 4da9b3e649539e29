#include "caffe/layer_registry.hpp"
#include "caffe/layers/broadcast.hpp"

namespace caffe {

// y = x + b, b repeated over the axes of x that it does not have. b is a parameter of
// bias_param.num_axes (1) axes from `axis` (1) on, or the second bottom. dx = dy, db = sums
// of dy over the repeats.
template <typename T>
class BiasLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "Bias"; }
  CountRange bottom_count() const override { return {1, 2}; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    extents_ = broadcast(*bottom[0], operand(bottom), this->param_.bias_param().axis());
    if (top[0] != bottom[0]) top[0]->reshape(bottom[0]->shape());
  }

 protected:
  void layer_setup(const BlobVec<T>& bottom, const BlobVec<T>&) override {
    if (bottom.size() > 1) return;
    const BiasParameter& p = this->param_.bias_param();
    this->add_param(operand_shape(*bottom[0], p.axis(), p.num_axes()), p.filler());
  }

  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const T* x = bottom[0]->data().read();
    const T* b = operand(bottom).data().read();
    T* y = bottom[0] == top[0] ? top[0]->data().read_write() : top[0]->data().write();
    const int64_t rows = extents_.outer * extents_.middle;
    for (int64_t row = 0; row < rows; ++row) {
      const T value = b[row % extents_.middle];
      const int64_t last = (row + 1) * extents_.inner;
      for (int64_t i = row * extents_.inner; i < last; ++i) y[i] = x[i] + value;
    }
    top[0]->data().written();
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    const T* dy = top[0]->diff().read();
    if (bottom.size() == 1 && this->param_propagate_down(0)) {
      add_sums(dy, this->blobs_[0]->diff().read_write());
      this->blobs_[0]->diff().written();
    }
    if (bottom.size() > 1 && propagate_down[1]) {
      T* db = bottom[1]->diff().write();
      std::fill_n(db, extents_.middle, T(0));
      add_sums(dy, db);
      bottom[1]->diff().written();
    }
    if (propagate_down[0] && bottom[0] != top[0]) {
      std::copy_n(dy, bottom[0]->count(), bottom[0]->diff().write());
      bottom[0]->diff().written();
    }
  }

 private:
  Blob<T>& operand(const BlobVec<T>& bottom) const {
    return bottom.size() > 1 ? *bottom[1] : *this->blobs_[0];
  }

  void add_sums(const T* dy, T* db) const {
    const int64_t rows = extents_.outer * extents_.middle;
    for (int64_t row = 0; row < rows; ++row) {
      T sum = 0;
      for (int64_t i = 0; i < extents_.inner; ++i) sum += dy[row * extents_.inner + i];
      db[row % extents_.middle] += sum;
    }
  }

  Broadcast extents_;
};

CAFFE_REGISTER_LAYER(Bias, BiasLayer);

}  // namespace caffe
