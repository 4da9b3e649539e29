#include <algorithm>

#include "caffe/layer_registry.hpp"
#include "caffe/layers/columns.hpp"
#include "caffe/layers/indices.hpp"
#include "caffe/layers/rows.hpp"

namespace caffe {

// Looks rows up in a table: y = W[x] (+ b), x being integers in 0..input_dim-1 of any shape;
// the top has one more axis, of embed_param.num_output. dW[x] += dy, db += sum of dy; there is
// no gradient to x. Parameters: W (input_dim, num_output), b (num_output) if bias_term.
template <typename T>
class EmbedLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "Embed"; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    Shape shape = bottom[0]->shape();
    shape.push_back(outputs_);
    top[0]->reshape(shape);
  }

 protected:
  void layer_setup(const BlobVec<T>&, const BlobVec<T>&) override {
    const EmbedParameter& p = this->param_.embed_param();
    rows_ = p.input_dim();
    outputs_ = p.num_output();
    this->check(outputs_ > 0, Code::kBadNet, "num_output must be positive");
    this->check(rows_ > 0, Code::kBadNet, "input_dim must be positive");
    this->add_param({rows_, outputs_}, p.weight_filler());
    if (p.bias_term()) this->add_param({outputs_}, p.bias_filler());
  }

  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const std::vector<int64_t> rows = read_indices(*bottom[0], rows_, "input");
    const T* table = this->blobs_[0]->data().read();
    const T* bias = has_bias() ? this->blobs_[1]->data().read() : nullptr;
    T* y = top[0]->data().write();
    for_row_ranges(bottom[0]->count(), outputs_, [&](int64_t i, int64_t first, int64_t n) {
      const T* from = table + rows[i] * outputs_ + first;
      T* to = y + i * outputs_ + first;
      if (bias == nullptr) {
        std::copy_n(from, n, to);
        return;
      }
#pragma omp simd
      for (int64_t k = 0; k < n; ++k) to[k] = from[k] + bias[first + k];
    });
    top[0]->data().written();
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    this->check(!propagate_down[0], Code::kUnsupported, "cannot give its indices a gradient");
    const T* dy = top[0]->diff().read();
    if (this->param_propagate_down(0)) {
      const std::vector<int64_t> rows = read_indices(*bottom[0], rows_, "input");
      add_rows(
          dy, bottom[0]->count(), [&](int64_t i) { return rows[i]; }, &this->blobs_[0]->diff());
    }
    if (has_bias() && this->param_propagate_down(1)) {
      add_rows(dy, bottom[0]->count(), [](int64_t) { return 0; }, &this->blobs_[1]->diff());
    }
  }

 private:
  bool has_bias() const { return this->param_.embed_param().bias_term(); }

  // Adds row i of dy to row target(i) of a gradient. A thread does some columns of all rows: a
  // target may come more than once, and its rows are always added in the same order.
  template <typename Target>
  void add_rows(const T* dy, int64_t count, const Target& target, Storage<T>* gradient) const {
    T* diff = gradient->read_write();
    for_columns<T>(count, outputs_, [&](int64_t first, int64_t n) {
      for (int64_t i = 0; i < count; ++i) {
        const T* from = dy + i * outputs_ + first;
        T* to = diff + target(i) * outputs_ + first;
#pragma omp simd
        for (int64_t k = 0; k < n; ++k) to[k] += from[k];
      }
    });
    gradient->written();
  }

  int64_t rows_ = 0, outputs_ = 0;
};

CAFFE_REGISTER_LAYER(Embed, EmbedLayer);

}  // namespace caffe
