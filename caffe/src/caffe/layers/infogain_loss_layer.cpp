#include <algorithm>

#include "caffe/io.hpp"
#include "caffe/layers/labels.hpp"
#include "caffe/layers/loss_layer.hpp"
#include "caffe/layers/rows.hpp"
#include "caffe/layers/softmax_kernel.hpp"

namespace caffe {

// Multinomial logistic loss in which a matrix H (classes x classes) says how much each class
// counts for each label: with p = softmax(x) along infogain_loss_param.axis (1), loss =
// -(sum over positions and classes c of H[label, c] log max(p_c, 1e-20)) / norm, and dx =
// (p_c * (sum of row H[label]) - H[label, c]) * w / norm; 0 where the label is ignore_label.
// H is bottom 2, or a BlobProto file, `source`. norm: loss_param.normalization (VALID), see
// LossLayer::normalizer. An optional second top gets p.
template <typename T>
class InfogainLossLayer : public LossLayer<T> {
 public:
  using LossLayer<T>::LossLayer;
  const char* type() const override { return "InfogainLoss"; }
  bool backward_reads_tops() const override { return true; }  // the probabilities
  CountRange bottom_count() const override { return {2, 3}; }
  CountRange top_count() const override { return {1, 2}; }
  // Neither labels nor H.
  bool allow_force_backward(int bottom) const override { return bottom == 0; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    LossLayer<T>::reshape(bottom, top);
    const int axis = bottom[0]->canonical_axis(this->param_.infogain_loss_param().axis());
    outer_ = bottom[0]->count(0, axis);
    classes_ = bottom[0]->dim(axis);
    inner_ = bottom[0]->count(axis + 1);
    check_label_count(bottom, outer_ * inner_, "predictions");
    const Blob<T>& matrix = gains(bottom);
    this->check(matrix.count() == classes_ * classes_, Code::kShape, classes_,
                " classes need an infogain matrix of ", classes_, " x ", classes_,
                ", but its shape is ", shape_string(matrix.shape()));
    probabilities_.reshape(bottom[0]->shape());
    if (top.size() > 1) {
      top[1]->reshape(bottom[0]->shape());
      top[1]->share_data(probabilities_);
    }
  }

 protected:
  void layer_setup(const BlobVec<T>& bottom, const BlobVec<T>&) override {
    const LossParameter& loss = this->param_.loss_param();
    this->check(loss.has_normalization() || !loss.has_normalize(), Code::kBadNet,
                "takes loss_param.normalization, not its old form normalize");
    if (bottom.size() > 2) return;
    const std::string& source = this->param_.infogain_loss_param().source();
    this->check(!source.empty(), Code::kBadNet,
                "needs its infogain matrix as third bottom or as infogain_loss_param.source");
    BlobProto proto;
    read_binary_file(source, &proto);
    matrix_.from_proto(proto, true);
  }

  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    T* p = probabilities_.data().write();
    softmax(outer_, classes_, inner_, bottom[0]->data().read(), p);
    probabilities_.data().written();
    const T* h = gains(bottom).data().read();
    const std::vector<int64_t> labels = this->labels(bottom);
    const double gain = position_sum(outer_, classes_, inner_, [&](const PositionBlock& block) {
      const int64_t* label = labels.data() + block.position;
      const T* share = p + block.element;
      return inner_ == 1 ? gain_of_row(h, *label, share) : gain_of(h, label, share, block.width);
    });
    const auto ignored = std::count(labels.begin(), labels.end(), kIgnoredLabel);
    const int64_t valid = outer_ * inner_ - static_cast<int64_t>(ignored);
    norm_ = this->normalizer(this->normalization(LossParameter::VALID), outer_, inner_, valid);
    this->set_loss(-gain / norm_, top);
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    this->refuse_target_gradient(propagate_down);
    this->check(propagate_down.size() < 3 || !propagate_down[2], Code::kUnsupported,
                "cannot give its infogain matrix (bottom 2) a gradient");
    if (!propagate_down[0]) return;
    const T weight = this->loss_gradient(top) / norm_;
    const T* p = probabilities_.data().read();
    const T* h = gains(bottom).data().read();
    const std::vector<int64_t> labels = this->labels(bottom);
    const std::vector<double> sums =
        row_sums(classes_, classes_, [=](int64_t row, int64_t first, int64_t n) {
          return sum_values(h + row * classes_ + first, n);
        });
    T* dx = bottom[0]->diff().write();
    for_position_blocks(outer_, classes_, inner_, [&](const PositionBlock& block) {
      for (int64_t i = 0; i < block.width; ++i) {
        const int64_t label = labels[block.position + i], at = block.element + i;
        if (label == kIgnoredLabel) {
          for (int64_t c = 0; c < classes_; ++c) dx[at + c * inner_] = 0;
        } else {
          derive(weight, static_cast<T>(sums[label]), h + label * classes_, p + at, dx + at);
        }
      }
    });
    bottom[0]->diff().written();
  }

 private:
  const Blob<T>& gains(const BlobVec<T>& bottom) const {
    return bottom.size() > 2 ? *bottom[2] : matrix_;
  }
  std::vector<int64_t> labels(const BlobVec<T>& bottom) const {
    const LossParameter& p = this->param_.loss_param();
    const int64_t ignored = p.ignore_label();
    return read_labels(*bottom[1], inner_, classes_, p.has_ignore_label() ? &ignored : nullptr);
  }

  // out = log max(p, 1e-20)
  static void log_of(const T* p, int64_t n, T* out) {
    for (int64_t i = 0; i < n; ++i) out[i] = std::max(p[i], T(1e-20));
    array_log(out, n, out);
  }

  // Sum of H[label, c] log max(p_c, 1e-20) for one position, whose classes are neighbours.
  double gain_of_row(const T* h, int64_t label, const T* p) const {
    double gain = 0;
    if (label == kIgnoredLabel) return gain;
    const T* row = h + label * classes_;
    for_array_blocks(classes_, [&](int64_t first, int64_t n) {
      T logs[kArrayBlock];
      log_of(p + first, n, logs);
      double part = 0;
#pragma omp simd reduction(+ : part)
      for (int64_t c = 0; c < n; ++c) {
        part += static_cast<double>(row[first + c]) * static_cast<double>(logs[c]);
      }
      gain += part;
    });
    return gain;
  }

  // dx = weight * (p * sum - H[label]) at one position, whose classes lie `inner_` apart.
  void derive(T weight, T sum, const T* row, const T* p, T* dx) const {
    const int64_t step = inner_;
    if (step == 1) {
#pragma omp simd
      for (int64_t c = 0; c < classes_; ++c) dx[c] = weight * (p[c] * sum - row[c]);
      return;
    }
    for (int64_t c = 0; c < classes_; ++c) {
      dx[c * step] = weight * (p[c * step] * sum - row[c]);
    }
  }

  // As gain_of_row, for `width` neighbours along `inner`, which are done together.
  double gain_of(const T* h, const int64_t* labels, const T* p, int64_t width) const {
    double gain = 0;
    for (int64_t c = 0; c < classes_; ++c) {
      T logs[kPositionBlock];
      log_of(p + c * inner_, width, logs);
      for (int64_t i = 0; i < width; ++i) {
        if (labels[i] == kIgnoredLabel) continue;
        gain += static_cast<double>(h[labels[i] * classes_ + c] * logs[i]);
      }
    }
    return gain;
  }

  int64_t outer_ = 0, classes_ = 0, inner_ = 0;
  Blob<T> matrix_, probabilities_;
  T norm_ = 1;
};

CAFFE_REGISTER_LAYER(InfogainLoss, InfogainLossLayer);

}  // namespace caffe
