#include <algorithm>

#include "caffe/extents.hpp"
#include "caffe/layer_registry.hpp"
#include "caffe/layers/rows.hpp"

namespace caffe {

// Repeats its bottom tile_param.tiles times along `axis` (1). dx is the sum of dy over the
// copies.
template <typename T>
class TileLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "Tile"; }

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
    for_row_ranges(outer_, piece_ * tiles_, [=](int64_t row, int64_t first, int64_t n) {
      const T* from = x + row * piece_;
      T* to = y + row * piece_ * tiles_;
      if (piece_ == 1) {
        std::fill_n(to + first, n, *from);
        return;
      }
      // The range begins and ends anywhere in a copy.
      for (int64_t i = first; i < first + n;) {
        const int64_t start = i % piece_, length = std::min(piece_ - start, first + n - i);
        std::copy_n(from + start, length, to + i);
        i += length;
      }
    });
    top[0]->data().written();
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    if (!propagate_down[0]) return;
    const T* dy = top[0]->diff().read();
    T* dx = bottom[0]->diff().write();
    if (piece_ == 1) {
      const std::vector<double> sums =
          row_sums(outer_, tiles_, [=](int64_t row, int64_t first, int64_t n) {
            return sum_values(dy + row * tiles_ + first, n);
          });
      for (int64_t row = 0; row < outer_; ++row) dx[row] = static_cast<T>(sums[row]);
    } else {
      for_row_ranges(outer_, piece_, [=](int64_t row, int64_t first, int64_t n) {
        const T* from = dy + row * piece_ * tiles_ + first;
        T* sum = dx + row * piece_ + first;
        std::copy_n(from, n, sum);
        for (int64_t copy = 1; copy < tiles_; ++copy) add(from + copy * piece_, n, sum);
      });
    }
    bottom[0]->diff().written();
  }

 private:
  static void add(const T* values, int64_t n, T* sum) {
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) sum[i] += values[i];
  }

  int64_t tiles_ = 1, outer_ = 0, piece_ = 0;
};

CAFFE_REGISTER_LAYER(Tile, TileLayer);

}  // namespace caffe
