#include <algorithm>
#include <numeric>

#include "caffe/layer_registry.hpp"

namespace caffe {

// The argmax_param.top_k (1) largest values of every item, in descending order; of equal ones
// the larger index comes first. With `axis`, they are looked for along it and the top has
// their indices there, or the values themselves if out_max_val. Without it, all axes but the
// first are searched as one, and the top is (N, 1, top_k), or (N, 2, top_k) with indices, then
// values if out_max_val; it has as many axes as the bottom, 3 at least. It has no gradient.
template <typename T>
class ArgMaxLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "ArgMax"; }
  InPlace in_place() const override { return InPlace::kFromCopy; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const ArgMaxParameter& p = this->param_.argmax_param();
    this->check(bottom[0]->num_axes() > 0, Code::kShape, "needs a bottom with axes");
    const int axis = p.has_axis() ? bottom[0]->canonical_axis(p.axis()) : 1;
    outer_ = bottom[0]->count(0, axis);
    extent_ = p.has_axis() ? bottom[0]->dim(axis) : bottom[0]->count(1);
    inner_ = p.has_axis() ? bottom[0]->count(axis + 1) : 1;
    top_k_ = p.top_k();
    this->check(top_k_ >= 1 && top_k_ <= extent_, Code::kShape, "top_k ", top_k_, " is not in 1..",
                extent_, ", the number of values");
    if (p.has_axis()) {
      Shape shape = bottom[0]->shape();
      shape[axis] = top_k_;
      top[0]->reshape(shape);
      return;
    }
    Shape shape(std::max(3, bottom[0]->num_axes()), 1);
    shape[0] = outer_;
    shape[1] = p.out_max_val() ? 2 : 1;
    shape[2] = top_k_;
    top[0]->reshape(shape);
  }

 protected:
  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const ArgMaxParameter& p = this->param_.argmax_param();
    const bool indices = !p.has_axis() || !p.out_max_val(), values = p.out_max_val();
    const int64_t rows = (indices ? 1 : 0) + (values ? 1 : 0);
    const T* x = bottom[0]->data().read();
    T* y = top[0]->data().write();
    std::vector<int64_t> order(extent_);
    for (int64_t item = 0; item < outer_ * inner_; ++item) {
      const T* in = x + item / inner_ * extent_ * inner_ + item % inner_;
      T* out = y + item / inner_ * rows * top_k_ * inner_ + item % inner_;
      std::iota(order.begin(), order.end(), int64_t{0});
      std::partial_sort(order.begin(), order.begin() + top_k_, order.end(),
                        [&](int64_t a, int64_t b) {
                          const T left = in[a * inner_], right = in[b * inner_];
                          return left > right || (left == right && a > b);
                        });
      for (int64_t k = 0; k < top_k_; ++k) {
        if (indices) out[k * inner_] = static_cast<T>(order[k]);
        if (values) out[((rows - 1) * top_k_ + k) * inner_] = in[order[k] * inner_];
      }
    }
    top[0]->data().written();
  }

  void backward_pass(const BlobVec<T>&, const std::vector<bool>& propagate_down,
                     const BlobVec<T>&) override {
    this->check(!propagate_down[0], Code::kUnsupported,
                "the position of a maximum has no gradient");
  }

 private:
  int64_t outer_ = 0, extent_ = 0, inner_ = 0, top_k_ = 1;
};

CAFFE_REGISTER_LAYER(ArgMax, ArgMaxLayer);

}  // namespace caffe
