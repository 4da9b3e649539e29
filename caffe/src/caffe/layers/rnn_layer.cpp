#include <cmath>

#include "caffe/layers/recurrent_layer.hpp"

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
    const int64_t count = this->streams() * this->size();
    for (int64_t i = 0; i < count; ++i) s.after[0][i] = std::tanh(s.gates[i]);
  }
  void backward_step(const Step& s, const T* dh, T*, T* dgates) override {
    const int64_t count = this->streams() * this->size();
    const T* h = s.after[0];
    for (int64_t i = 0; i < count; ++i) dgates[i] = dh[i] * (1 - h[i] * h[i]);
  }

  // The output is kept: the top may be changed in place by the next layer.
  void forward_outputs(Storage<T>& h, Storage<T>& y) override {
    output_op_->forward(h, weights().data(), &bias().data(), output_);
    T* kept = output_.read_write();
    T* out = y.write();
    for (size_t i = 0; i < output_.count(); ++i) out[i] = kept[i] = std::tanh(kept[i]);
    y.written();
  }
  void backward_outputs(Storage<T>& h, Storage<T>& dy, Storage<T>& dh) override {
    const T *o = output_.read(), *top = dy.read();
    T* diff = output_diff_.write();
    for (size_t i = 0; i < output_.count(); ++i) diff[i] = top[i] * (1 - o[i] * o[i]);
    Storage<T>*dw = this->param_diff(output_index_), *db = this->param_diff(output_index_ + 1);
    if (dw || db) output_op_->backward_weights(h, output_diff_, dw, db);
    output_op_->backward_data(output_diff_, weights().data(), dh);
  }

 private:
  Blob<T>& weights() const { return *this->blobs_[output_index_]; }
  Blob<T>& bias() const { return *this->blobs_[output_index_ + 1]; }

  int output_index_ = 0;
  Storage<T> output_, output_diff_;
  std::unique_ptr<InnerProductOp<T>> output_op_;
};

CAFFE_REGISTER_LAYER(RNN, RNNLayer);

}  // namespace caffe
