#include <algorithm>
#include <cmath>

#include "caffe/layer_registry.hpp"

namespace caffe {

// Mean-variance normalisation of every channel plane, or of every item if
// mvn_param.across_channels: y = (x - mean) / (sqrt(var) + eps), or x - mean unless
// normalize_variance (true). dx = (dy - mean(dy) - y * mean(dy * y)) / (sqrt(var) + eps), or
// dy - mean(dy); as in Caffe, this takes eps for small against sqrt(var). The top has four axes.
template <typename T>
class MVNLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "MVN"; }
  InPlace in_place() const override { return InPlace::kOver; }
  bool backward_reads_bottoms() const override { return false; }
  bool backward_reads_tops() const override { return true; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    Shape shape;
    for (int i = 0; i < 4; ++i) shape.push_back(bottom[0]->legacy_dim(i));
    const bool across = this->param_.mvn_param().across_channels();
    rows_ = across ? shape[0] : shape[0] * shape[1];
    length_ = bottom[0]->count() / std::max<int64_t>(rows_, 1);
    top[0]->reshape(shape);
    factors_.resize(rows_);
  }

 protected:
  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const MVNParameter& p = this->param_.mvn_param();
    const T* x = bottom[0]->data().read();
    T* y = top[0]->data().write();
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < rows_; ++row) {
      const int64_t first = row * length_, last = first + length_;
      double sum = 0, squares = 0;
      for (int64_t i = first; i < last; ++i) sum += static_cast<double>(x[i]);
      const double mean = sum / static_cast<double>(length_);
      for (int64_t i = first; i < last; ++i) {
        const double distance = static_cast<double>(x[i]) - mean;
        squares += distance * distance;
      }
      const double deviation = std::sqrt(squares / static_cast<double>(length_));
      factors_[row] = p.normalize_variance()
                          ? static_cast<T>(1 / (deviation + static_cast<double>(p.eps())))
                          : T(1);
      for (int64_t i = first; i < last; ++i) {
        y[i] = static_cast<T>(static_cast<double>(x[i]) - mean) * factors_[row];
      }
    }
    top[0]->data().written();
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    if (!propagate_down[0]) return;
    const bool scaled = this->param_.mvn_param().normalize_variance();
    const T* dy = top[0]->diff().read();
    const T* y = top[0]->data().read();
    T* dx = bottom[0]->diff().write();
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < rows_; ++row) {
      const int64_t first = row * length_, last = first + length_;
      double sum = 0, product = 0;
      for (int64_t i = first; i < last; ++i) {
        sum += static_cast<double>(dy[i]);
        product += static_cast<double>(dy[i]) * static_cast<double>(y[i]);
      }
      const T mean = static_cast<T>(sum / static_cast<double>(length_));
      const T slope = scaled ? static_cast<T>(product / static_cast<double>(length_)) : T(0);
      for (int64_t i = first; i < last; ++i) {
        dx[i] = (dy[i] - mean - y[i] * slope) * factors_[row];
      }
    }
    bottom[0]->diff().written();
  }

 private:
  int64_t rows_ = 0, length_ = 0;
  std::vector<T> factors_;  // of the last forward pass
};

CAFFE_REGISTER_LAYER(MVN, MVNLayer);

}  // namespace caffe
