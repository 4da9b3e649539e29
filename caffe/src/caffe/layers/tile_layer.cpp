#include <algorithm>

#include "caffe/extents.hpp"
#include "caffe/layer_registry.hpp"

namespace caffe {

// Repeats its bottom tile_param.tiles times along `axis` (1). dx is the sum of dy over the
// copies.
template <typename T>
class TileLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "Tile"; }
  InPlace in_place() const override { return InPlace::kFromCopy; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const TileParameter& p = this->param_.tile_param();
    this->check(p.tiles() > 0, Code::kBadNet, "tiles must be given and positive");
    const int axis = bottom[0]->canonical_axis(p.axis());
    tiles_ = p.tiles();
    outer_ = bottom[0]->count(0, axis);
    piece_ = bottom[0]->count(axis);
    Shape shape = bottom[0]->shape();
    shape[axis] = extent_product(shape[axis], tiles_);
    top[0]->reshape(shape);
  }

 protected:
  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const T* x = bottom[0]->data().read();
    T* y = top[0]->data().write();
    for (int64_t copy = 0; copy < outer_ * tiles_; ++copy) {
      std::copy_n(x + copy / tiles_ * piece_, piece_, y + copy * piece_);
    }
    top[0]->data().written();
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    if (!propagate_down[0]) return;
    const T* dy = top[0]->diff().read();
    T* dx = bottom[0]->diff().write();
    std::fill_n(dx, bottom[0]->count(), T(0));
    for (int64_t copy = 0; copy < outer_ * tiles_; ++copy) {
      T* sum = dx + copy / tiles_ * piece_;
      for (int64_t i = 0; i < piece_; ++i) sum[i] += dy[copy * piece_ + i];
    }
    bottom[0]->diff().written();
  }

 private:
  int64_t tiles_ = 1, outer_ = 0, piece_ = 0;
};

CAFFE_REGISTER_LAYER(Tile, TileLayer);

}  // namespace caffe
