#include "caffe/extents.hpp"
#include "caffe/layer_registry.hpp"
#include "caffe/layers/pieces.hpp"

namespace caffe {

// Joins its bottoms along concat_param.axis (1; concat_dim in old nets); all other extents
// must be equal. dx are the pieces of dy. A single bottom shares its memory with the top.
template <typename T>
class ConcatLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "Concat"; }
  CountRange bottom_count() const override { return {1, -1}; }
  bool backward_reads_bottoms() const override { return false; }
  bool top_shares_bottom() const override { return this->param_.bottom_size() == 1; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const ConcatParameter& p = this->param_.concat_param();
    this->check(!(p.has_axis() && p.has_concat_dim()), Code::kBadNet,
                "give either axis or concat_dim");
    axis_ = bottom[0]->canonical_axis(
        p.has_concat_dim() ? unsigned_axis("concat_dim", p.concat_dim()) : p.axis());
    Shape shape = bottom[0]->shape();
    shape[axis_] = 0;
    for (Blob<T>* blob : bottom) {
      this->check(fits(shape, blob->shape(), axis_), Code::kShape, "bottoms of shapes ",
                  shape_string(bottom[0]->shape()), " and ", shape_string(blob->shape()),
                  " differ in more than axis ", axis_);
      shape[axis_] = extent_sum(shape[axis_], blob->dim(axis_));
    }
    top[0]->reshape(shape);
    if (bottom.size() > 1) return;
    top[0]->share_data(*bottom[0]);
    top[0]->share_diff(*bottom[0]);
  }

  // Works in the format of the largest bottom.
  void plan(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const auto smaller = [](const Blob<T>* a, const Blob<T>* b) { return a->count() < b->count(); };
    const FormatPtr& like = (*std::max_element(bottom.begin(), bottom.end(), smaller))->format();
    pieces_ = cut_pieces(*top[0], bottom, axis_, like);
    top[0]->set_format(bottom.size() > 1 ? pieces_.format : like);
  }

 protected:
  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    if (bottom.size() == 1) return;
    Parts<T> parts;
    for (Blob<T>* blob : bottom) parts.push_back(&blob->data());
    join(pieces_, parts, &top[0]->data());
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    if (bottom.size() == 1) return;
    Parts<T> parts;
    for (size_t i = 0; i < bottom.size(); ++i) {
      parts.push_back(propagate_down[i] ? &bottom[i]->diff() : nullptr);
    }
    take_apart(pieces_, top[0]->diff(), parts);
  }

 private:
  static bool fits(const Shape& joined, const Shape& piece, int axis) {
    if (joined.size() != piece.size()) return false;
    for (size_t i = 0; i < joined.size(); ++i) {
      if (static_cast<int>(i) != axis && joined[i] != piece[i]) return false;
    }
    return true;
  }

  int axis_ = 1;
  Pieces pieces_;
};

CAFFE_REGISTER_LAYER(Concat, ConcatLayer);

}  // namespace caffe
