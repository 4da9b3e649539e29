#include <algorithm>
#include <cmath>
#include <vector>

#include "caffe/layer_registry.hpp"
#include "caffe/layers/channel_blocks.hpp"

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
  bool forward_changes_params() const override { return !global_; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    this->check(bottom[0]->num_axes() >= 2 && bottom[0]->dim(1) == channels_, Code::kShape,
                "was set up for ", channels_, " channels, but its bottom now has shape ",
                shape_string(bottom[0]->shape()));
    if (top[0] != bottom[0]) top[0]->reshape(bottom[0]->shape());
    shape_ = {bottom[0]->dim(0), channels_, bottom[0]->count(2)};
  }

  void plan(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    format_ = channel_format(*bottom[0]);
    shape_.block = channel_block(format_);
    top[0]->set_format(format_);
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
  }

  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    if (bottom[0]->count() == 0) return;  // an empty batch has no statistics
    mean_.assign(shape_.padded(), T(0));
    scale_.assign(shape_.padded(), T(0));
    const T* x = bottom[0]->data().read(format_);
    global_ ? take_running_statistics() : take_batch_statistics(x);
    const bool in_place = bottom[0] == top[0];
    T* y = in_place ? top[0]->data().read_write(format_) : top[0]->data().write(format_);
    // A later layer may change the top in place.
    if (!global_) normalized_.resize(shape_.size());
    T* kept = global_ ? nullptr : normalized_.data();
    shape_.for_all<T>([=, mean = mean_.data(), scale = scale_.data()](auto place) {
      const auto value = (place(x) - place.channel(mean)) * place.channel(scale);
      place.set(y, value);
      if (kept) place.set(kept, value);
    });
    top[0]->data().written(format_);
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    if (!propagate_down[0] || bottom[0]->count() == 0) return;
    const T *dy = top[0]->diff().read(format_), *y = normalized_.data();
    Storage<T>& diff = bottom[0]->diff();
    T* dx = bottom[0] == top[0] ? diff.read_write(format_) : diff.write(format_);
    const T* scale = scale_.data();
    if (global_) {
      shape_.for_all<T>([=](auto place) { place.set(dx, place(dy) * place.channel(scale)); });
    } else {
      const auto sums = shape_.sums<T>([=](auto place) { return place(dy); },
                                       [=](auto place) { return place(dy) * place(y); });
      const std::vector<T> means = per_value(sums[0]), products = per_value(sums[1]);
      shape_.for_all<T>([=, mean = means.data(), product = products.data()](auto place) {
        const auto centred = place(dy) - place.channel(mean) - place(y) * place.channel(product);
        place.set(dx, centred * place.channel(scale));
      });
    }
    diff.written(format_);
  }

 private:
  // Statistics of some values of one channel; more can be added.
  struct Moments {
    double count = 0, mean = 0, squares = 0;  // squares: of the distances from the mean

    void add(const Moments& more) {
      if (more.count == 0) return;
      const double sum = count + more.count, distance = more.mean - mean;
      squares += more.squares + distance * distance * count * more.count / sum;
      mean += distance * more.count / sum;
      count = sum;
    }
  };

  double values_per_channel() const { return static_cast<double>(shape_.items * shape_.pixels); }

  std::vector<T> per_value(const std::vector<double>& sums) const {
    std::vector<T> means;
    for (const double sum : sums) means.push_back(static_cast<T>(sum / values_per_channel()));
    return means;
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
    const std::vector<Moments> rows = row_moments(x);
    for (int64_t c = 0; c < channels_; ++c) {
      Moments all;
      for (int64_t n = 0; n < shape_.items; ++n) all.add(rows[n * shape_.padded() + c]);
      set_statistics(c, all.mean, all.squares / m);
      means[c] = keep * means[c] + static_cast<T>(all.mean);
      variances[c] = keep * variances[c] + static_cast<T>(unbiased * all.squares / m);
    }
    T* weight = this->blobs_[2]->mutable_cpu_data();
    *weight = keep * *weight + T(1);
  }

  // Of every channel of every item. Spans are small enough to be read twice from the cache: for
  // their means, then for the distances from these, which sums of squares would round away.
  std::vector<Moments> row_moments(const T* x) const {
    std::vector<Moments> moments(shape_.items * shape_.padded());
    shape_.for_rows([&](int64_t row) {
      std::vector<double> sums(shape_.block), squares(shape_.block);
      std::vector<T> means(shape_.block);
      shape_.for_spans(row, [&](ChannelBlocks::Span span) {
        span.channel = 0;  // of the arrays here
        std::fill(sums.begin(), sums.end(), 0);
        std::fill(squares.begin(), squares.end(), 0);
        const double n = static_cast<double>(span.pixels);
        shape_.template add<T>(span, [=](auto place) { return place(x); }, sums.data());
        for (int64_t c = 0; c < shape_.block; ++c) means[c] = static_cast<T>(sums[c] / n);
        const auto square = [=, means = means.data()](auto place) {
          const auto distance = place(x) - place.channel(means);
          return distance * distance;
        };
        shape_.template add<T>(span, square, squares.data());
        for (int64_t c = 0; c < shape_.block; ++c) {
          const double mean = sums[c] / n, rounded = mean - static_cast<double>(means[c]);
          moments[row * shape_.block + c].add({n, mean, squares[c] - n * rounded * rounded});
        }
      });
    });
    return moments;
  }

  bool global_ = false;
  int64_t channels_ = 0;
  ChannelBlocks shape_;
  FormatPtr format_;
  std::vector<T> mean_, scale_;  // of the last forward pass; scale is 1 / sqrt(var + eps)
  std::vector<T> normalized_;
};

CAFFE_REGISTER_LAYER(BatchNorm, BatchNormLayer);

}  // namespace caffe
