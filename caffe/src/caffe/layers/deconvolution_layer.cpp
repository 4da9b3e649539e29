#include "caffe/layers/convolution_base_layer.hpp"
#include "caffe/layers/rows.hpp"

namespace caffe {

// Deconvolution (transposed convolution), the adjoint of Convolution: every input value is
// spread over the kernel, scaled by it, and what overlaps is added up.
//   y[n, o, stride*p - pad + dilation*k] += w[c, o, k] * x[n, c, p], then y += b[o]
// in `group` groups. Output extent: stride * (in - 1) + e - 2*pad, e = dilation * (kernel - 1)
// + 1. dx is Convolution's forward pass on dy.
// Parameters: w (channels, num_output/group, kernel...), b (num_output) if bias_term.
// Zeiler et al., Deconvolutional networks, 2010; Long et al., Fully convolutional networks
// for semantic segmentation, 2015.
template <typename T>
class DeconvolutionLayer : public ConvolutionBaseLayer<T> {
 public:
  using ConvolutionBaseLayer<T>::ConvolutionBaseLayer;
  const char* type() const override { return "Deconvolution"; }
  const Op* main_op() const override { return this->op_.get(); }

  void plan(const BlobVec<T>&, const BlobVec<T>& top) override {
    this->geometry_.bias = false;  // of the convolution whose adjoint this is
    this->geometry_.train = true;  // our forward pass is its backward pass
    this->op_ = create_convolution<T>(this->geometry_, nullptr);
    const FormatPtr format = this->has_bias() ? nullptr : this->op_->bottom_format();
    for (Blob<T>* blob : top) blob->set_format(format);
  }

 protected:
  bool transposed() const override { return true; }

  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    for (size_t i = 0; i < bottom.size(); ++i) {
      this->op_->backward_data(bottom[i]->data(), this->blobs_[0]->data(), top[i]->data());
      if (this->has_bias()) add_bias(&top[i]->data());
    }
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    Storage<T>*dw = this->weight_diff(), *db = this->bias_diff();
    for (size_t i = 0; i < bottom.size(); ++i) {
      if (dw) this->op_->backward_weights(top[i]->diff(), bottom[i]->data(), dw, nullptr);
      if (db) add_bias_diff(top[i]->diff().read(), db);
      if (propagate_down[i]) {
        this->op_->forward(top[i]->diff(), this->blobs_[0]->data(), nullptr, bottom[i]->diff());
      }
    }
  }

 private:
  int64_t rows() const { return this->geometry_.batch * this->geometry_.in_channels; }
  int64_t plane() const { return product(this->geometry_.in); }

  void add_bias(Storage<T>* top) const {
    const T* bias = this->blobs_[1]->data().read();
    T* y = top->read_write();
    const int64_t channels = this->geometry_.in_channels, plane = this->plane();
    for_row_ranges(rows(), plane, [=](int64_t row, int64_t first, int64_t n) {
      const T value = bias[row % channels];
      T* to = y + row * plane + first;
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) to[i] += value;
    });
    top->written();
  }

  void add_bias_diff(const T* dy, Storage<T>* bias) const {
    const int64_t channels = this->geometry_.in_channels, plane = this->plane();
    const std::vector<double> sums =
        row_sums(rows(), plane, [=](int64_t row, int64_t first, int64_t n) {
          return sum_values(dy + row * plane + first, n);
        });
    T* db = bias->read_write();
    for (int64_t row = 0; row < rows(); ++row) db[row % channels] += static_cast<T>(sums[row]);
    bias->written();
  }
};

CAFFE_REGISTER_LAYER(Deconvolution, DeconvolutionLayer);

}  // namespace caffe
