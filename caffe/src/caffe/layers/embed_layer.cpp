#include <algorithm>

#include "caffe/layer_registry.hpp"
#include "caffe/layers/indices.hpp"

namespace caffe {

// Looks rows up in a table: y = W[x] (+ b), x being integers in 0..input_dim-1 of any shape;
// the top has one more axis, of embed_param.num_output. dW[x] += dy, db += sum of dy; there is
// no gradient to x. Parameters: W (input_dim, num_output), b (num_output) if bias_term.
template <typename T>
class EmbedLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "Embed"; }
  InPlace in_place() const override { return InPlace::kFromCopy; }

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
    const T* x = bottom[0]->data().read();
    const T* table = this->blobs_[0]->data().read();
    const T* bias = has_bias() ? this->blobs_[1]->data().read() : nullptr;
    T* y = top[0]->data().write();
    for (int64_t i = 0; i < bottom[0]->count(); ++i, y += outputs_) {
      std::copy_n(table + row_of(x[i]) * outputs_, outputs_, y);
      for (int64_t k = 0; bias && k < outputs_; ++k) y[k] += bias[k];
    }
    top[0]->data().written();
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    this->check(!propagate_down[0], Code::kUnsupported, "cannot give its indices a gradient");
    const T* x = bottom[0]->data().read();
    const T* dy = top[0]->diff().read();
    if (this->param_propagate_down(0)) {
      T* diff = this->blobs_[0]->diff().read_write();
      for (int64_t i = 0; i < bottom[0]->count(); ++i) {
        add(dy + i * outputs_, diff + row_of(x[i]) * outputs_);
      }
      this->blobs_[0]->diff().written();
    }
    if (has_bias() && this->param_propagate_down(1)) {
      T* diff = this->blobs_[1]->diff().read_write();
      for (int64_t i = 0; i < bottom[0]->count(); ++i) add(dy + i * outputs_, diff);
      this->blobs_[1]->diff().written();
    }
  }

 private:
  bool has_bias() const { return this->param_.embed_param().bias_term(); }
  int64_t row_of(T value) const { return checked_index(value, rows_, "input"); }
  void add(const T* row, T* sum) const {
    for (int64_t k = 0; k < outputs_; ++k) sum[k] += row[k];
  }

  int64_t rows_ = 0, outputs_ = 0;
};

CAFFE_REGISTER_LAYER(Embed, EmbedLayer);

}  // namespace caffe
