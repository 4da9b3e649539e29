#include <algorithm>

#include "caffe/layer_registry.hpp"

namespace caffe {

// Joins its bottoms along concat_param.axis (1; concat_dim in old nets); all other extents
// must be equal. dx are the pieces of dy. A single bottom shares its memory with the top.
template <typename T>
class ConcatLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "Concat"; }
  CountRange bottom_count() const override { return {1, -1}; }
  InPlace in_place() const override {
    return this->param_.bottom_size() == 1 ? InPlace::kDirect : InPlace::kFromCopy;
  }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const ConcatParameter& p = this->param_.concat_param();
    this->check(!(p.has_axis() && p.has_concat_dim()), Code::kBadNet,
                "give either axis or concat_dim");
    const int axis =
        bottom[0]->canonical_axis(p.has_concat_dim() ? static_cast<int>(p.concat_dim()) : p.axis());
    Shape shape = bottom[0]->shape();
    shape[axis] = 0;
    pieces_.clear();
    for (Blob<T>* blob : bottom) {
      this->check(fits(shape, blob->shape(), axis), Code::kShape, "bottoms of shapes ",
                  shape_string(bottom[0]->shape()), " and ", shape_string(blob->shape()),
                  " differ in more than axis ", axis);
      shape[axis] += blob->dim(axis);
      pieces_.push_back(blob->count(axis));
    }
    outer_ = product(shape, 0, axis);
    top[0]->reshape(shape);
    if (bottom.size() > 1) return;
    top[0]->share_data(*bottom[0]);
    top[0]->share_diff(*bottom[0]);
  }

 protected:
  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    if (bottom.size() == 1) return;
    T* out = top[0]->data().write();
    const int64_t row = top[0]->count() / std::max<int64_t>(outer_, 1);
    int64_t offset = 0;
    for (size_t i = 0; i < bottom.size(); ++i) {
      const T* in = bottom[i]->data().read();
      for (int64_t n = 0; n < outer_; ++n) {
        std::copy_n(in + n * pieces_[i], pieces_[i], out + n * row + offset);
      }
      offset += pieces_[i];
    }
    top[0]->data().written();
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    if (bottom.size() == 1) return;
    const T* dy = top[0]->diff().read();
    const int64_t row = top[0]->count() / std::max<int64_t>(outer_, 1);
    int64_t offset = 0;
    for (size_t i = 0; i < bottom.size(); ++i) {
      if (propagate_down[i]) {
        T* dx = bottom[i]->diff().write();
        for (int64_t n = 0; n < outer_; ++n) {
          std::copy_n(dy + n * row + offset, pieces_[i], dx + n * pieces_[i]);
        }
        bottom[i]->diff().written();
      }
      offset += pieces_[i];
    }
  }

 private:
  static bool fits(const Shape& joined, const Shape& piece, int axis) {
    if (joined.size() != piece.size()) return false;
    for (size_t i = 0; i < joined.size(); ++i) {
      if (static_cast<int>(i) != axis && joined[i] != piece[i]) return false;
    }
    return true;
  }

  int64_t outer_ = 0;
  std::vector<int64_t> pieces_;  // elements of each bottom per outer index
};

CAFFE_REGISTER_LAYER(Concat, ConcatLayer);

}  // namespace caffe
