#include <algorithm>
#include <cmath>

#include "caffe/io.hpp"
#include "caffe/layers/labels.hpp"
#include "caffe/layers/loss_layer.hpp"
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
    double sum = 0;
    int64_t valid = 0;
    for_labels(bottom, [&](int64_t i, int64_t label) {
      for (int64_t c = 0; c < classes_; ++c) {
        sum -= h[label * classes_ + c] * std::log(std::max(p[place(i, c)], T(1e-20)));
      }
      ++valid;
    });
    norm_ = this->normalizer(this->normalization(LossParameter::VALID), outer_, inner_, valid);
    this->set_loss(sum / norm_, top);
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
    T* dx = bottom[0]->diff().write();
    std::fill_n(dx, bottom[0]->count(), T(0));
    for_labels(bottom, [&](int64_t i, int64_t label) {
      const T* row = h + label * classes_;
      T sum = 0;
      for (int64_t c = 0; c < classes_; ++c) sum += row[c];
      for (int64_t c = 0; c < classes_; ++c) {
        dx[place(i, c)] = weight * (p[place(i, c)] * sum - row[c]);
      }
    });
    bottom[0]->diff().written();
  }

 private:
  const Blob<T>& gains(const BlobVec<T>& bottom) const {
    return bottom.size() > 2 ? *bottom[2] : matrix_;
  }
  int64_t place(int64_t position, int64_t label) const {
    return (position / inner_ * classes_ + label) * inner_ + position % inner_;
  }

  // body(position, label) for every position that is not ignored.
  template <typename Body>
  void for_labels(const BlobVec<T>& bottom, const Body& body) const {
    const LossParameter& p = this->param_.loss_param();
    const T* labels = bottom[1]->data().read();
    for (int64_t i = 0; i < outer_ * inner_; ++i) {
      const int64_t label =
          checked_label(labels, i, inner_, classes_, p.has_ignore_label(), p.ignore_label());
      if (p.has_ignore_label() && label == p.ignore_label()) continue;
      body(i, label);
    }
  }

  int64_t outer_ = 0, classes_ = 0, inner_ = 0;
  Blob<T> matrix_, probabilities_;
  T norm_ = 1;
};

CAFFE_REGISTER_LAYER(InfogainLoss, InfogainLossLayer);

}  // namespace caffe
