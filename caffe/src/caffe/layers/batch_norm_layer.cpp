#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "caffe/layer_registry.hpp"
#include "caffe/layers/broadcast.hpp"
#include "caffe/layers/followers.hpp"
#include "caffe/ops/batch_norm_op.hpp"

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
  const Op* main_op() const override { return fused_op_ ? fused_op_.get() : op_.get(); }
  InPlace in_place() const override { return InPlace::kOver; }
  bool backward_reads_bottoms() const override { return !geometry_.global; }
  bool forward_changes_params() const override { return !geometry_.global; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    this->check(bottom[0]->num_axes() >= 2 && bottom[0]->dim(1) == channels_, Code::kShape,
                "was set up for ", channels_, " channels, but its bottom now has shape ",
                shape_string(bottom[0]->shape()));
    top[0]->reshape(bottom[0]->shape());
    const Shape& shape = bottom[0]->shape();
    geometry_.batch = shape[0];
    geometry_.channels = channels_;
    geometry_.spatial.assign(shape.begin() + 2, shape.end());
  }

  void plan(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    geometry_.train = this->train_;
    op_ = nullptr;
    BatchNormGeometry fused = geometry_;
    fused.scale = scale_ != nullptr;
    fused.relu = relu_;
    fused_op_ = this->followers() > 0 ? create_batch_norm<T>(fused, bottom[0]->format()) : nullptr;
    top[0]->set_format((fused_op_ ? *fused_op_ : op(bottom)).format());
  }

  bool absorbs_backward() const override { return true; }
  bool recomputes_followers() const override { return true; }

  bool is_affine() const override { return geometry_.global; }
  void compose(std::vector<T>* factor, std::vector<T>* shift) const override {
    BatchNormArrays<T> running;
    take_running_statistics(&running);
    for (int64_t c = 0; c < channels_; ++c) {
      const double variance = static_cast<double>(running.variance[c]) + geometry_.eps;
      const T own = static_cast<T>(1 / std::sqrt(variance));
      (*factor)[c] *= own;
      (*shift)[c] = ((*shift)[c] - running.mean[c]) * own;
    }
  }

 protected:
  // A Scale layer with a factor and perhaps a shift for each channel, then a ReLU.
  int absorb(const std::vector<Layer<T>*>& followers) override {
    const bool scaled = !followers.empty() && scales_channels(*followers[0]);
    scale_ = scaled ? followers[0] : nullptr;
    // A rectifier could hide NaN, of which only statistics of x tell.
    relu_ = !geometry_.global &&
            begins_with_relu<T>({followers.begin() + (scaled ? 1 : 0), followers.end()});
    return (scaled ? 1 : 0) + (relu_ ? 1 : 0);
  }

  void layer_setup(const BlobVec<T>& bottom, const BlobVec<T>&) override {
    this->check(bottom[0]->num_axes() >= 2, Code::kShape,
                "needs a bottom with channels on axis 1, has shape ",
                shape_string(bottom[0]->shape()));
    const BatchNormParameter& p = this->param_.batch_norm_param();
    geometry_.eps = static_cast<double>(p.eps());
    geometry_.global = p.has_use_global_stats() ? p.use_global_stats() : this->phase_ == TEST;
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
    begin(nullptr);
    op(bottom).forward(bottom[0]->data(), &arrays_, top[0]->data());
    if (!geometry_.global) add_to_running_statistics();
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    if (!propagate_down[0] || bottom[0]->count() == 0) return;
    this->prepare_backward(bottom, top);
    set_scale(nullptr);
    op(bottom).backward(bottom[0]->data(), top[0]->data(), top[0]->diff(), &arrays_,
                        bottom[0]->diff());
  }

  void forward_with_followers(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    if (bottom[0]->count() == 0) return;
    begin(scale_);
    fused_op_->forward(bottom[0]->data(), &arrays_, top[0]->data());
    if (!geometry_.global) add_to_running_statistics();
    if (relu_ && !arrays_are_finite()) {
      std::fill_n(top[0]->data().write(), top[0]->count(), std::numeric_limits<T>::quiet_NaN());
      top[0]->data().written();
    }
  }

  void backward_with_followers(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                               const BlobVec<T>& bottom) override {
    if (bottom[0]->count() == 0) return;
    if (this->prepare_backward(bottom, top)) {
      Storage<T> output(top[0]->count());
      fused_op_->forward(bottom[0]->data(), &arrays_, output);
    }
    set_scale(scale_);
    Storage<T> unwanted(propagate_down[0] ? 0 : bottom[0]->count());
    fused_op_->backward(bottom[0]->data(), top[0]->data(), top[0]->diff(), &arrays_,
                        propagate_down[0] ? bottom[0]->diff() : unwanted);
    if (scale_ == nullptr) return;
    if (scale_->param_propagate_down(0)) add_sums(arrays_.scale_diff, &scale_->blobs()[0]->diff());
    if (scale_->blobs().size() > 1 && scale_->param_propagate_down(1)) {
      add_sums(arrays_.shift_diff, &scale_->blobs()[1]->diff());
    }
  }

  // The statistics are those that it has had, and are not added to the running ones again.
  void repeat_forward(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    if (bottom[0]->count() == 0) return;
    set_scale(nullptr);
    BatchNormGeometry given = geometry_;
    given.global = true;
    create_batch_norm<T>(given, bottom[0]->format())
        ->forward(bottom[0]->data(), &arrays_, top[0]->data());
  }

 private:
  // Made when it is needed: with layers behind it may never be.
  BatchNormOp<T>& op(const BlobVec<T>& bottom) {
    if (!op_) op_ = create_batch_norm<T>(geometry_, bottom[0]->format());
    return *op_;
  }

  static bool scales_channels(const Layer<T>& layer) {
    return layer.type() == std::string("Scale") && layer.is_affine();
  }

  bool arrays_are_finite() const {
    const auto finite = [](const std::vector<T>& values) {
      return std::all_of(values.begin(), values.end(), [](T v) { return std::isfinite(v); });
    };
    return finite(arrays_.mean) && finite(arrays_.variance) && finite(arrays_.scale) &&
           finite(arrays_.shift);
  }

  // Before a forward pass in which `scale`, if not null, follows.
  void begin(Layer<T>* scale) {
    set_scale(scale);
    if (geometry_.global) {
      take_running_statistics(&arrays_);
    } else {
      arrays_.mean.resize(channels_);
      arrays_.variance.resize(channels_);
    }
  }

  void set_scale(Layer<T>* scale) {
    arrays_.scale.assign(channels_, T(1));
    arrays_.shift.assign(channels_, T(0));
    arrays_.scale_diff.resize(channels_);
    arrays_.shift_diff.resize(channels_);
    if (scale == nullptr) return;
    std::copy_n(scale->blobs()[0]->data().read(), channels_, arrays_.scale.begin());
    if (scale->blobs().size() == 1) return;
    std::copy_n(scale->blobs()[1]->data().read(), channels_, arrays_.shift.begin());
  }

  void take_running_statistics(BatchNormArrays<T>* arrays) const {
    arrays->mean.resize(channels_);
    arrays->variance.resize(channels_);
    const T weight = *this->blobs_[2]->data().read(), factor = weight == T(0) ? T(0) : 1 / weight;
    const T *means = this->blobs_[0]->data().read(), *variances = this->blobs_[1]->data().read();
    for (int64_t c = 0; c < channels_; ++c) {
      arrays->mean[c] = factor * means[c];
      arrays->variance[c] = factor * variances[c];
    }
  }

  void add_to_running_statistics() {
    const T keep = this->param_.batch_norm_param().moving_average_fraction();
    const int64_t m = geometry_.batch * product(geometry_.spatial);
    const T unbiased = m > 1 ? static_cast<T>(m) / static_cast<T>(m - 1) : T(1);
    T* means = this->blobs_[0]->mutable_cpu_data();
    T* variances = this->blobs_[1]->mutable_cpu_data();
    for (int64_t c = 0; c < channels_; ++c) {
      means[c] = keep * means[c] + arrays_.mean[c];
      variances[c] = keep * variances[c] + unbiased * arrays_.variance[c];
    }
    T* weight = this->blobs_[2]->mutable_cpu_data();
    *weight = keep * *weight + T(1);
  }

  int64_t channels_ = 0;
  BatchNormGeometry geometry_;
  BatchNormArrays<T> arrays_;  // of the last pass
  std::unique_ptr<BatchNormOp<T>> op_;
  // With the layers behind.
  Layer<T>* scale_ = nullptr;
  bool relu_ = false;
  std::unique_ptr<BatchNormOp<T>> fused_op_;
};

CAFFE_REGISTER_LAYER(BatchNorm, BatchNormLayer);

}  // namespace caffe
