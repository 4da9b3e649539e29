#include <algorithm>
#include <cmath>

#include "caffe/layers/elementwise_layer.hpp"

namespace caffe {

// Dropout: in TRAIN y = x * m / (1 - r), m being 1 with probability 1 - r for each element
// and r = dropout_param.dropout_ratio (0.5); dx = dy * m / (1 - r). In TEST y = x.
// Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting, 2014.
//
// m is a function of the element's index and a key drawn once per forward pass, so nothing
// need be kept for backward and any number of threads gives the same mask.
template <typename T>
class DropoutLayer : public ElementwiseLayer<T> {
 public:
  using ElementwiseLayer<T>::ElementwiseLayer;
  const char* type() const override { return "Dropout"; }

 protected:
  using typename ElementwiseLayer<T>::Range;

  void layer_setup(const BlobVec<T>&, const BlobVec<T>&) override {
    const double ratio = this->param_.dropout_param().dropout_ratio();
    this->check(ratio >= 0 && ratio < 1, Code::kBadNet,
                "dropout_ratio must be at least 0 and below 1, is ", ratio);
    dropped_below_ = static_cast<uint32_t>(std::ldexp(ratio, 32));
    scale_ = static_cast<T>(1 / (1 - ratio));
  }

  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    if (this->phase_ == TRAIN) {
      const uint64_t key = this->random_->engine()();
      key_low_ = static_cast<uint32_t>(key);
      key_high_ = static_cast<uint32_t>(key >> 32);
    } else if (bottom[0]->data_ptr() == top[0]->data_ptr()) {
      return;
    }
    ElementwiseLayer<T>::forward_pass(bottom, top);
  }

  void forward_range(const T* x, T* y, Range range) const override { apply(x, y, range); }

  void backward_range(const T*, const T*, const T* dy, T* dx, Range range) const override {
    apply(dy, dx, range);
  }

 private:
  void apply(const T* in, T* out, Range range) const {
    if (this->phase_ != TRAIN) {
      if (in != out) std::copy_n(in, range.n, out);
      return;
    }
    const uint32_t first = static_cast<uint32_t>(range.first), limit = dropped_below_;
    const uint32_t low = key_low_, high = key_high_;
    const T scale = scale_;  // copied, as all of these, so that the loop needs no branch
#pragma omp simd
    for (int64_t i = 0; i < range.n; ++i) {
      out[i] = in[i] * (bits(first + static_cast<uint32_t>(i), low, high) >= limit ? scale : T(0));
    }
  }

  // 32 bits that depend on every bit of the index and of the key: two rounds of multiply
  // and shift, an invertible mixing as in hash functions.
  static uint32_t bits(uint32_t index, uint32_t key_low, uint32_t key_high) {
    uint32_t x = index * 0x9E3779B1u + key_low;
    x = (x ^ (x >> 16)) * 0x7FEB352Du;
    x = (x ^ key_high ^ (x >> 15)) * 0x846CA68Bu;
    return x ^ (x >> 16);
  }

  uint32_t dropped_below_ = 0;
  T scale_ = 1;
  uint32_t key_low_ = 0, key_high_ = 0;
};

CAFFE_REGISTER_LAYER(Dropout, DropoutLayer);

}  // namespace caffe
