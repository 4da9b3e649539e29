#include "caffe/layer_registry.hpp"
#include "caffe/layers/broadcast.hpp"

namespace caffe {

// y = x * s (+ b if bias_term), s and b repeated over the axes of x that they do not have.
// s is a parameter of scale_param.num_axes (1) axes from `axis` (1) on, filled with 1 unless
// `filler` says otherwise, or the second bottom. dx = dy * s, ds = sums of dy * x, db = sums
// of dy over the repeats.
template <typename T>
class ScaleLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "Scale"; }
  CountRange bottom_count() const override { return {1, 2}; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const int axis = this->param_.scale_param().axis();
    extents_ = broadcast(*bottom[0], factor(bottom), axis);
    if (has_bias()) broadcast(*bottom[0], *this->blobs_.back(), axis);
    if (top[0] != bottom[0]) top[0]->reshape(bottom[0]->shape());
  }

 protected:
  void layer_setup(const BlobVec<T>& bottom, const BlobVec<T>&) override {
    const ScaleParameter& p = this->param_.scale_param();
    FillerParameter ones;
    ones.set_value(1);
    const Shape shape =
        bottom.size() > 1 ? bottom[1]->shape() : operand_shape(*bottom[0], p.axis(), p.num_axes());
    if (bottom.size() == 1) this->add_param(shape, p.has_filler() ? p.filler() : ones);
    if (has_bias()) this->add_param(shape, p.bias_filler());
  }

  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const bool in_place = bottom[0] == top[0];
    const T* s = factor(bottom).data().read();
    const T* b = has_bias() ? this->blobs_.back()->data().read() : nullptr;
    const T* x = bottom[0]->data().read();
    if (in_place) kept_input_.assign(x, x + bottom[0]->count());
    T* y = in_place ? top[0]->data().read_write() : top[0]->data().write();
    for_rows([&](int64_t row, int64_t m) {
      const T scale = s[m], shift = b ? b[m] : T(0);
      const int64_t last = (row + 1) * extents_.inner;
      for (int64_t i = row * extents_.inner; i < last; ++i) y[i] = x[i] * scale + shift;
    });
    top[0]->data().written();
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    const bool in_place = bottom[0] == top[0];
    const bool learned = bottom.size() == 1;
    const int bias_index = learned ? 1 : 0;
    const T* x = in_place ? kept_input_.data() : bottom[0]->data().read();
    const T* dy = top[0]->diff().read();
    if (has_bias() && this->param_propagate_down(bias_index)) {
      add_sums(dy, nullptr, &this->blobs_[bias_index]->diff());
    }
    if (learned && this->param_propagate_down(0)) add_sums(dy, x, &this->blobs_[0]->diff());
    if (!learned && propagate_down[1]) {
      bottom[1]->diff().set_zero();
      add_sums(dy, x, &bottom[1]->diff());
    }
    if (!propagate_down[0]) return;
    const T* s = factor(bottom).data().read();
    T* dx = in_place ? bottom[0]->diff().read_write() : bottom[0]->diff().write();
    for_rows([&](int64_t row, int64_t m) {
      const int64_t last = (row + 1) * extents_.inner;
      for (int64_t i = row * extents_.inner; i < last; ++i) dx[i] = dy[i] * s[m];
    });
    bottom[0]->diff().written();
  }

 private:
  bool has_bias() const { return this->param_.scale_param().bias_term(); }
  Blob<T>& factor(const BlobVec<T>& bottom) const {
    return bottom.size() > 1 ? *bottom[1] : *this->blobs_[0];
  }

  // body(row, m) for all rows of `inner` elements, in parallel; m is the operand's element for
  // that row.
  template <typename Body>
  void for_rows(const Body& body) const {
    const int64_t rows = extents_.outer * extents_.middle;
#pragma omp parallel for schedule(static) if (rows * extents_.inner > 16384)
    for (int64_t row = 0; row < rows; ++row) body(row, row % extents_.middle);
  }

  // Adds the sums of dy * x (of dy if x is null) over the repeats.
  void add_sums(const T* dy, const T* x, Storage<T>* sums) const {
    T* out = sums->read_write();
    const int64_t middle = extents_.middle, inner = extents_.inner;
#pragma omp parallel for schedule(static) if (extents_.outer * middle * inner > 16384)
    for (int64_t m = 0; m < middle; ++m) {
      T sum = 0;
      for (int64_t n = 0; n < extents_.outer; ++n) {
        const int64_t first = (n * middle + m) * inner;
        for (int64_t i = first; i < first + inner; ++i) sum += x ? dy[i] * x[i] : dy[i];
      }
      out[m] += sum;
    }
    sums->written();
  }

  Broadcast extents_;
  std::vector<T> kept_input_;  // when run in place
};

CAFFE_REGISTER_LAYER(Scale, ScaleLayer);

}  // namespace caffe
