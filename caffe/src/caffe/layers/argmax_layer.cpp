#include <algorithm>
#include <numeric>

#include "caffe/layer_registry.hpp"
#include "caffe/layers/position_blocks.hpp"

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
    const T* x = bottom[0]->data().read();
    T* y = top[0]->data().write();
    for_position_blocks(outer_, extent_, inner_, [=](const PositionBlock& block) {
      const T* in = x + block.element;
      const int64_t item = block.position / inner_, first = block.position % inner_;
      T* out = y + item * rows() * top_k_ * inner_ + first;
      if (top_k_ > 1) {
        for (int64_t i = 0; i < block.width; ++i) sort(in + i, out + i);
      } else if (inner_ == 1) {
        put(in, 0, largest(in), out);
      } else {
        put_largest(in, block.width, out);
      }
    });
    top[0]->data().written();
  }

  void backward_pass(const BlobVec<T>&, const std::vector<bool>& propagate_down,
                     const BlobVec<T>&) override {
    this->check(!propagate_down[0], Code::kUnsupported,
                "the position of a maximum has no gradient");
  }

 private:
  bool gives_indices() const {
    const ArgMaxParameter& p = this->param_.argmax_param();
    return !p.has_axis() || !p.out_max_val();
  }
  bool gives_values() const { return this->param_.argmax_param().out_max_val(); }
  int64_t rows() const { return (gives_indices() ? 1 : 0) + (gives_values() ? 1 : 0); }

  // Writes the k-th largest value of a position, which has the given index. Values of a position
  // lie `inner_` apart.
  void put(const T* in, int64_t k, int64_t index, T* out) const {
    if (gives_indices()) out[k * inner_] = static_cast<T>(index);
    if (gives_values()) out[((rows() - 1) * top_k_ + k) * inner_] = in[index * inner_];
  }

  void sort(const T* in, T* out) const {
    std::vector<int64_t> order(extent_);
    std::iota(order.begin(), order.end(), int64_t{0});
    std::partial_sort(order.begin(), order.begin() + top_k_, order.end(),
                      [&](int64_t a, int64_t b) {
                        const T left = in[a * inner_], right = in[b * inner_];
                        return left > right || (left == right && a > b);
                      });
    for (int64_t k = 0; k < top_k_; ++k) put(in, k, order[k], out);
  }

  // Of one position, whose values are neighbours.
  int64_t largest(const T* in) const {
    int64_t index = 0;
    T best = in[0];
    for (int64_t i = 1; i < extent_; ++i) {
      if (!(in[i] >= best)) continue;
      index = i;
      best = in[i];
    }
    return index;
  }

  // Of `width` neighbours, which are done together.
  void put_largest(const T* in, int64_t width, T* out) const {
    T best[kPositionBlock];
    int32_t index[kPositionBlock] = {};
    std::copy_n(in, width, best);
    for (int64_t k = 1; k < extent_; ++k) {
      const T* row = in + k * inner_;
      const auto here = static_cast<int32_t>(k);
#pragma omp simd
      for (int64_t i = 0; i < width; ++i) {
        const T value = row[i], before = best[i];
        const int32_t larger = value >= before ? -1 : 0;  // a mask: no branch
        index[i] = (here & larger) | (index[i] & ~larger);
        best[i] = value >= before ? value : before;
      }
    }
    for (int64_t i = 0; i < width; ++i) put(in + i, 0, index[i], out + i);
  }

  int64_t outer_ = 0, extent_ = 0, inner_ = 0, top_k_ = 1;
};

CAFFE_REGISTER_LAYER(ArgMax, ArgMaxLayer);

}  // namespace caffe
