#include <algorithm>
#include <cmath>

#include "caffe/layers/loss_layer.hpp"
#include "caffe/layers/rows.hpp"

namespace caffe {

// Draws the features a and b (N, C) of similar pairs together and pushes others margin (1)
// apart (Hadsell, Chopra and LeCun, Dimensionality reduction by learning an invariant
// mapping, 2006). With d = |a - b|, a pair costs d^2 if its flag (bottom 2) is nonzero, else
// max(margin - d, 0)^2, or max(margin - d^2, 0) with legacy_version; loss = sum / (2N).
// da = w/N * (a - b) for similar pairs, -w/N * (margin - d) / (d + 1e-4) * (a - b) for others
// within the margin (legacy: -w/N * (a - b)), 0 beyond it; db = -da.
template <typename T>
class ContrastiveLossLayer : public LossLayer<T> {
 public:
  using LossLayer<T>::LossLayer;
  const char* type() const override { return "ContrastiveLoss"; }
  CountRange bottom_count() const override { return {3, 3}; }
  bool allow_force_backward(int bottom) const override { return bottom != 2; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    LossLayer<T>::reshape(bottom, top);
    pairs_ = bottom[0]->legacy_dim(0);
    features_ = bottom[0]->legacy_dim(1);
    for (int i = 0; i < 2; ++i) {
      this->check(bottom[i]->count() == pairs_ * features_ && bottom[i]->legacy_dim(1) == features_,
                  Code::kShape, "features must have shape (N, C, 1, 1) and be as many, but bottom ",
                  i, " has shape ", shape_string(bottom[i]->shape()), " and bottom 0 ",
                  shape_string(bottom[0]->shape()));
    }
    this->check(bottom[2]->count() == pairs_ && bottom[2]->legacy_dim(0) == pairs_, Code::kShape,
                pairs_, " pairs need as many flags, but they have shape ",
                shape_string(bottom[2]->shape()));
    squares_.resize(pairs_);
  }

 protected:
  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    squares_ = squared_distances(bottom);
    const T* flags = bottom[2]->data().read();
    double sum = 0;
    for (int64_t n = 0; n < pairs_; ++n) {
      const T square = static_cast<T>(squares_[n]);
      const T within = std::max(margin_left(square), T(0));
      sum += similar(flags[n]) ? square : legacy() ? within : within * within;
    }
    this->set_loss(sum / (2 * static_cast<double>(std::max<int64_t>(pairs_, 1))), top);
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    this->check(!propagate_down[2], Code::kUnsupported,
                "cannot give its flags (bottom 2) a gradient");
    const T weight = this->loss_gradient(top) / static_cast<T>(pairs_);
    const T* a = bottom[0]->data().read();
    const T* b = bottom[1]->data().read();
    const T* flags = bottom[2]->data().read();
    for (int side = 0; side < 2; ++side) {
      if (!propagate_down[side]) continue;
      T* diff = bottom[side]->diff().write();
      for_row_ranges(pairs_, features_, [&](int64_t pair, int64_t first, int64_t n) {
        const T share = slope(similar(flags[pair]), static_cast<T>(squares_[pair]));
        const T factor = (side == 0 ? weight : -weight) * share;
        const int64_t at = pair * features_ + first;
#pragma omp simd
        for (int64_t i = at; i < at + n; ++i) diff[i] = factor * (a[i] - b[i]);
      });
      bottom[side]->diff().written();
    }
  }

 private:
  bool legacy() const { return this->param_.contrastive_loss_param().legacy_version(); }
  // Nonzero once cut to an integer.
  static bool similar(T flag) { return !(std::fabs(flag) < T(1)); }

  std::vector<double> squared_distances(const BlobVec<T>& bottom) const {
    const T *a = bottom[0]->data().read(), *b = bottom[1]->data().read();
    return row_sums(pairs_, features_, [=](int64_t pair, int64_t first, int64_t n) {
      const int64_t at = pair * features_ + first;
      return sum_squared_differences(a + at, b + at, n);
    });
  }

  T margin_left(T square) const {
    const T margin = this->param_.contrastive_loss_param().margin();
    return margin - (legacy() ? square : std::sqrt(square));
  }

  // What a - b is multiplied with in da, but for w/N.
  T slope(bool similar, T square) const {
    if (similar) return 1;
    const T left = margin_left(square);
    if (left <= T(0)) return 0;
    return legacy() ? T(-1) : -left / (std::sqrt(square) + T(1e-4));
  }

  int64_t pairs_ = 0, features_ = 0;
  std::vector<double> squares_;  // the distances squared, of the last forward pass
};

CAFFE_REGISTER_LAYER(ContrastiveLoss, ContrastiveLossLayer);

}  // namespace caffe
