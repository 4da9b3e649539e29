#include "caffe/extents.hpp"
#include "caffe/layer_registry.hpp"
#include "caffe/layers/pieces.hpp"

namespace caffe {

// Cuts its bottom along slice_param.axis (1; slice_dim in old nets) into one piece per top:
// at the slice_points, or into equal pieces if none is given. dx are the pieces of dy joined.
// A single top shares its memory with the bottom.
template <typename T>
class SliceLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "Slice"; }
  CountRange top_count() const override { return {1, -1}; }
  bool backward_reads_bottoms() const override { return false; }
  bool top_shares_bottom() const override { return this->param_.top_size() == 1; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const SliceParameter& p = this->param_.slice_param();
    this->check(!(p.has_axis() && p.has_slice_dim()), Code::kBadNet,
                "give either axis or slice_dim");
    axis_ = bottom[0]->canonical_axis(p.has_slice_dim() ? unsigned_axis("slice_dim", p.slice_dim())
                                                        : p.axis());
    Shape shape = bottom[0]->shape();
    const std::vector<int64_t> extents = cut(shape[axis_], static_cast<int64_t>(top.size()));
    for (size_t i = 0; i < top.size(); ++i) {
      shape[axis_] = extents[i];
      top[i]->reshape(shape);
    }
    if (top.size() > 1) return;
    top[0]->share_data(*bottom[0]);
    top[0]->share_diff(*bottom[0]);
  }

  void plan(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    pieces_ = cut_pieces(*bottom[0], top, axis_, bottom[0]->format());
    for (size_t i = 0; i < top.size(); ++i) {
      top[i]->set_format(top.size() > 1 ? pieces_.formats[i] : bottom[0]->format());
    }
  }

 protected:
  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    if (top.size() == 1) return;
    Parts<T> parts;
    for (Blob<T>* blob : top) parts.push_back(&blob->data());
    take_apart(pieces_, bottom[0]->data(), parts);
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    if (!propagate_down[0] || top.size() == 1) return;
    Parts<T> parts;
    for (Blob<T>* blob : top) parts.push_back(&blob->diff());
    join(pieces_, parts, &bottom[0]->diff());
  }

 private:
  // The extents of the pieces of an axis.
  std::vector<int64_t> cut(int64_t extent, int64_t tops) const {
    const SliceParameter& p = this->param_.slice_param();
    if (p.slice_point_size() == 0) {
      this->check(extent % tops == 0, Code::kShape, tops, " tops do not divide an axis of extent ",
                  extent, " evenly: give slice_point");
      return std::vector<int64_t>(tops, extent / tops);
    }
    this->check(p.slice_point_size() == tops - 1, Code::kBadNet, tops, " tops need ", tops - 1,
                " slice_point(s), not ", p.slice_point_size());
    std::vector<int64_t> extents;
    int64_t last = 0;
    for (int64_t point : p.slice_point()) {
      this->check(point > last, Code::kBadNet, "slice_point ", point,
                  " is not behind the one before, ", last);
      extents.push_back(point - last);
      last = point;
    }
    this->check(last < extent, Code::kShape, "slice_point ", last,
                " is not inside an axis of extent ", extent);
    extents.push_back(extent - last);
    return extents;
  }

  int axis_ = 1;
  Pieces pieces_;
};

CAFFE_REGISTER_LAYER(Slice, SliceLayer);

}  // namespace caffe
