#include <algorithm>

#include "caffe/layers/ranges.hpp"
#include "caffe/layers/recurrent_layer.hpp"
#include "caffe/ops/functions.hpp"

namespace caffe {

// Elman's recurrent net over T steps of N streams: h_t = tanh(W_hh (cont_t * h_{t-1}) +
// W_xh x_t + b_h [+ W_xh_static s]), output o_t = tanh(W_ho h_t + b_o). Parameters: W_xh (D,
// K), b_h (D), [W_xh_static (D, Ks)], W_hh (D, D), W_ho (D, D), b_o (D) (RecurrentLayer;
// Elman, Finding structure in time, 1990).
template <typename T>
class RNNLayer : public RecurrentLayer<T> {
 public:
  using RecurrentLayer<T>::RecurrentLayer;
  const char* type() const override { return "RNN"; }

 protected:
  using Step = typename RecurrentLayer<T>::Step;
  int gates() const override { return 1; }
  int states() const override { return 1; }

  void add_output_params() override {
    const int64_t size = this->size();
    output_index_ = static_cast<int>(this->blobs_.size());
    this->add_param({size, size}, this->options().weight_filler());
    this->add_param({size}, this->options().bias_filler());
  }
  void plan_outputs() override {
    const int64_t rows = this->steps() * this->streams();
    output_.resize(rows * this->size());
    output_diff_.resize(rows * this->size());
    output_op_ = this->product_op(rows, this->size(), {this->size()}, true);
  }

  void forward_step(const Step& s) override {
    for_ranges(this->streams() * this->size(), [&](int64_t first, int64_t n) {
      array_tanh(s.gates + first, n, s.after[0] + first);
    });
  }
  void backward_step(const Step& s, const T* dh, T*, T* dgates) override {
    tanh_gradient(this->streams() * this->size(), s.after[0], dh, dgates);
  }

  // The output is kept: the next layer may write over the top.
  void forward_outputs(Storage<T>& h, Storage<T>& y) override {
    output_op_->forward(h, weights().data(), &bias().data(), output_);
    T* kept = output_.read_write();
    T* out = y.write();
    for_ranges(output_.count(), [=](int64_t first, int64_t n) {
      array_tanh(kept + first, n, kept + first);
      std::copy_n(kept + first, n, out + first);
    });
    y.written();
  }
  void backward_outputs(Storage<T>& h, Storage<T>& dy, Storage<T>& dh) override {
    tanh_gradient(output_.count(), output_.read(), dy.read(), output_diff_.write());
    Storage<T>*dw = this->param_diff(output_index_), *db = this->param_diff(output_index_ + 1);
    if (dw || db) output_op_->backward_weights(h, output_diff_, dw, db);
    output_op_->backward_data(output_diff_, weights().data(), dh);
  }

 private:
  // dx = dy * (1 - y^2)
  static void tanh_gradient(int64_t count, const T* y, const T* dy, T* dx) {
    for_ranges(count, [=](int64_t first, int64_t n) {
#pragma omp simd
      for (int64_t i = first; i < first + n; ++i) dx[i] = dy[i] * (1 - y[i] * y[i]);
    });
  }

  Blob<T>& weights() const { return *this->blobs_[output_index_]; }
  Blob<T>& bias() const { return *this->blobs_[output_index_ + 1]; }

  int output_index_ = 0;
  Storage<T> output_, output_diff_;
  std::unique_ptr<InnerProductOp<T>> output_op_;
};

CAFFE_REGISTER_LAYER(RNN, RNNLayer);

}  // namespace caffe
