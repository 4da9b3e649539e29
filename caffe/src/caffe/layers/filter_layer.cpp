#include <algorithm>

#include "caffe/layer_registry.hpp"

namespace caffe {

// Keeps those items of its bottoms whose selector, the last bottom of shape (N, 1, ...), is
// not 0. Each other bottom has its top, whose first extent is known only in forward; until
// then all items are taken to pass. dx is dy at the kept items, 0 at the others.
template <typename T>
class FilterLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "Filter"; }
  CountRange bottom_count() const override { return {2, -1}; }
  CountRange top_count() const override { return {1, -1}; }
  InPlace in_place() const override { return InPlace::kRefused; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    this->check(bottom.size() == top.size() + 1, Code::kBadNet,
                "needs one top per bottom but the selector, but has ", bottom.size(),
                " bottoms and ", top.size(), " top(s)");
    const Blob<T>& selector = *bottom.back();
    this->check(selector.num_axes() > 0 && selector.count(1) == 1, Code::kShape,
                "the selector must have one value per item, but has shape ",
                shape_string(selector.shape()));
    for (size_t i = 0; i < top.size(); ++i) {
      this->check(bottom[i]->num_axes() > 0 && bottom[i]->dim(0) == selector.dim(0), Code::kShape,
                  "bottom ", i, " of shape ", shape_string(bottom[i]->shape()),
                  " has not as many items as the selector, ", selector.dim(0));
      top[i]->reshape(bottom[i]->shape());
    }
  }

 protected:
  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const T* selector = bottom.back()->data().read();
    kept_.clear();
    for (int64_t n = 0; n < bottom.back()->count(); ++n) {
      if (selector[n] != T(0)) kept_.push_back(n);
    }
    for (size_t i = 0; i < top.size(); ++i) {
      Shape shape = bottom[i]->shape();
      shape[0] = static_cast<int64_t>(kept_.size());
      top[i]->reshape(shape);
      const int64_t item = bottom[i]->count(1);
      const T* x = bottom[i]->data().read();
      T* y = top[i]->data().write();
      for (int64_t n : kept_) y = std::copy_n(x + n * item, item, y);
      top[i]->data().written();
    }
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    this->check(!propagate_down.back(), Code::kUnsupported,
                "cannot give its selector (the last bottom) a gradient");
    for (size_t i = 0; i < top.size(); ++i) {
      if (!propagate_down[i]) continue;
      const int64_t item = bottom[i]->count(1);
      const T* dy = top[i]->diff().read();
      T* dx = bottom[i]->diff().write();
      std::fill_n(dx, bottom[i]->count(), T(0));
      for (size_t k = 0; k < kept_.size(); ++k) {
        std::copy_n(dy + static_cast<int64_t>(k) * item, item, dx + kept_[k] * item);
      }
      bottom[i]->diff().written();
    }
  }

 private:
  std::vector<int64_t> kept_;  // items that passed in the last forward pass
};

CAFFE_REGISTER_LAYER(Filter, FilterLayer);

}  // namespace caffe
