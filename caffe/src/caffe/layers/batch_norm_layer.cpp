#include <algorithm>
#include <cmath>

#include "caffe/layer_registry.hpp"

namespace caffe {

// Normalises every channel (axis 1) of a batch: y = (x - mean) / sqrt(var + eps).
// In TRAIN, mean and (biased) variance are those of the batch, taken over all axes but 1, and
//   dx = (dy - mean(dy) - y * mean(dy * y)) / sqrt(var + eps).
// In TEST, or as use_global_stats says, they are the running ones, and dx = dy / sqrt(var + eps).
// Parameters: sums of means (C), sums of variances (C) and the weight of both (1). Batch
// statistics add to them, after all three have been scaled by moving_average_fraction; the
// variance counts m / (m - 1) times for m values per channel. They are not learned.
// Ioffe and Szegedy, Batch normalization: accelerating deep network training, 2015.
template <typename T>
class BatchNormLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "BatchNorm"; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    this->check(bottom[0]->num_axes() >= 2 && bottom[0]->dim(1) == channels_, Code::kShape,
                "was set up for ", channels_, " channels, but its bottom now has shape ",
                shape_string(bottom[0]->shape()));
    if (top[0] != bottom[0]) top[0]->reshape(bottom[0]->shape());
    inner_ = bottom[0]->count(2);
    rows_ = bottom[0]->dim(0) * channels_;
  }

 protected:
  void layer_setup(const BlobVec<T>& bottom, const BlobVec<T>&) override {
    this->check(bottom[0]->num_axes() >= 2, Code::kShape,
                "needs a bottom with channels on axis 1, has shape ",
                shape_string(bottom[0]->shape()));
    const BatchNormParameter& p = this->param_.batch_norm_param();
    global_ = p.has_use_global_stats() ? p.use_global_stats() : this->phase_ == TEST;
    channels_ = bottom[0]->dim(1);
    for (const Shape& shape : {Shape{channels_}, Shape{channels_}, Shape{1}}) {
      this->add_param(shape, FillerParameter());
    }
    for (int i = 0; i < 3; ++i) {
      if (i == this->param_.param_size()) this->param_.add_param()->set_lr_mult(0);
      this->check(this->param_.param(i).lr_mult() == 0, Code::kBadNet, "lr_mult of parameter ", i,
                  " must be 0: batch statistics are not learned");
      this->set_param_propagate_down(i, false);
    }
    mean_.resize(channels_);
    scale_.resize(channels_);
  }

  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    if (bottom[0]->count() == 0) return;  // an empty batch has no statistics
    const T* x = bottom[0]->data().read();
    global_ ? take_running_statistics() : take_batch_statistics(x);
    T* y = bottom[0] == top[0] ? top[0]->data().read_write() : top[0]->data().write();
    // A later layer may change the top in place.
    if (!global_) normalized_.resize(rows_ * inner_);
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < rows_; ++row) {
      const T mean = mean_[row % channels_], scale = scale_[row % channels_];
      for (int64_t i = row * inner_; i < (row + 1) * inner_; ++i) y[i] = (x[i] - mean) * scale;
      if (!global_) std::copy_n(y + row * inner_, inner_, &normalized_[row * inner_]);
    }
    top[0]->data().written();
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    if (!propagate_down[0] || bottom[0]->count() == 0) return;
    const T* dy = top[0]->diff().read();
    T* dx = bottom[0] == top[0] ? bottom[0]->diff().read_write() : bottom[0]->diff().write();
#pragma omp parallel for schedule(static)
    for (int64_t c = 0; c < channels_; ++c) {
      double sum = 0, product = 0;
      if (!global_) {
        for_channel(c, [&](int64_t i) {
          sum += static_cast<double>(dy[i]);
          product += static_cast<double>(dy[i]) * static_cast<double>(normalized_[i]);
        });
      }
      const T mean = static_cast<T>(sum / values_per_channel());
      const T mean_product = static_cast<T>(product / values_per_channel());
      const T scale = scale_[c];
      for_channel(c, [&](int64_t i) {
        const T y = global_ ? T(0) : normalized_[i];
        dx[i] = (dy[i] - mean - y * mean_product) * scale;
      });
    }
    bottom[0]->diff().written();
  }

 private:
  double values_per_channel() const { return static_cast<double>(rows_ / channels_ * inner_); }

  // body(i) for all elements of a channel.
  template <typename Body>
  void for_channel(int64_t c, const Body& body) const {
    for (int64_t row = c; row < rows_; row += channels_) {
      for (int64_t i = row * inner_; i < (row + 1) * inner_; ++i) body(i);
    }
  }

  void set_statistics(int64_t c, double mean, double variance) {
    const double eps = static_cast<double>(this->param_.batch_norm_param().eps());
    mean_[c] = static_cast<T>(mean);
    scale_[c] = static_cast<T>(1 / std::sqrt(variance + eps));
  }

  void take_running_statistics() {
    const double weight = static_cast<double>(*this->blobs_[2]->data().read());
    const double factor = weight == 0 ? 0 : 1 / weight;
    const T *means = this->blobs_[0]->data().read(), *variances = this->blobs_[1]->data().read();
    for (int64_t c = 0; c < channels_; ++c) {
      set_statistics(c, factor * static_cast<double>(means[c]),
                     factor * static_cast<double>(variances[c]));
    }
  }

  void take_batch_statistics(const T* x) {
    const T keep = this->param_.batch_norm_param().moving_average_fraction();
    const double m = values_per_channel(), unbiased = m > 1 ? m / (m - 1) : 1;
    T* means = this->blobs_[0]->mutable_cpu_data();
    T* variances = this->blobs_[1]->mutable_cpu_data();
#pragma omp parallel for schedule(static)
    for (int64_t c = 0; c < channels_; ++c) {
      double sum = 0, squares = 0;
      for_channel(c, [&](int64_t i) { sum += static_cast<double>(x[i]); });
      const double mean = sum / m;
      for_channel(c, [&](int64_t i) {
        const double distance = static_cast<double>(x[i]) - mean;
        squares += distance * distance;
      });
      set_statistics(c, mean, squares / m);
      means[c] = keep * means[c] + static_cast<T>(mean);
      variances[c] = keep * variances[c] + static_cast<T>(unbiased * squares / m);
    }
    T* weight = this->blobs_[2]->mutable_cpu_data();
    *weight = keep * *weight + T(1);
  }

  bool global_ = false;
  int64_t channels_ = 0, rows_ = 0, inner_ = 0;
  std::vector<T> mean_, scale_;  // of the last forward pass; scale is 1 / sqrt(var + eps)
  std::vector<T> normalized_;
};

CAFFE_REGISTER_LAYER(BatchNorm, BatchNormLayer);

}  // namespace caffe
