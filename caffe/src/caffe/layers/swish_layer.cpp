#include <cmath>

#include "caffe/layers/elementwise_layer.hpp"

namespace caffe {

// Swish: y = x * s, s = sigmoid(beta * x), beta = swish_param.beta (1).
// dx = dy * (beta * y + s * (1 - beta * y)). Ramachandran et al., Searching for activation
// functions, 2017.
template <typename T>
class SwishLayer : public ElementwiseLayer<T> {
 public:
  SwishLayer(const LayerParameter& param, const LayerContext& context)
      : ElementwiseLayer<T>(param, context), beta_(param.swish_param().beta()) {}
  const char* type() const override { return "Swish"; }

 protected:
  using typename ElementwiseLayer<T>::Range;

  void forward_range(const T* x, T* y, Range range) const override {
    for (int64_t i = 0; i < range.n; ++i) y[i] = x[i] * sigmoid(beta_ * x[i]);
  }

  void backward_range(const T* x, const T*, const T* dy, T* dx, Range range) const override {
    for (int64_t i = 0; i < range.n; ++i) {
      const T s = sigmoid(beta_ * x[i]), y = beta_ * x[i] * s;
      dx[i] = dy[i] * (y + s * (T(1) - y));
    }
  }

  bool backward_reads_input() const override { return true; }

 private:
  // In the form that cannot overflow.
  static T sigmoid(T x) { return T(0.5) * std::tanh(T(0.5) * x) + T(0.5); }

  const T beta_;
};

CAFFE_REGISTER_LAYER(Swish, SwishLayer);

}  // namespace caffe
