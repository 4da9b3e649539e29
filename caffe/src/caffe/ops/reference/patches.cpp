#include "caffe/ops/reference/patches.hpp"

#include <type_traits>
#include <vector>

#include "caffe/blob.hpp"

namespace caffe {
namespace reference {

namespace {

// Walks all elements of the column matrix; `columns` runs over it in order. The copy goes
// from image to columns if Image is const, else values are added to the image.
template <typename Image, typename Column>
class Walk {
 public:
  Walk(const ConvolutionGeometry& geometry, Column* columns)
      : g_(geometry), axes_(geometry.in.size()), offset_(axes_), columns_(columns) {}

  void run(int64_t channels, Image* image) {
    const int64_t plane = product(g_.in), kernel = product(g_.kernel);
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t k = 0; k < kernel; ++k) {
        int64_t rest = k;
        for (size_t axis = axes_; axis-- > 0; rest /= g_.kernel[axis]) {
          offset_[axis] = rest % g_.kernel[axis] * g_.dilation[axis] - g_.pad[axis];
        }
        row(0, image + c * plane, true);
      }
    }
  }

 private:
  // Output positions along `axis` and all later ones. `part` is the part of the image that
  // the earlier axes select, if they are inside.
  void row(size_t axis, Image* part, bool inside) {
    if (axis == axes_) {
      element(part, inside);
      return;
    }
    const int64_t step = product(g_.in, axis + 1, axes_);
    for (int64_t o = 0; o < g_.out[axis]; ++o) {
      const int64_t i = o * g_.stride[axis] + offset_[axis];
      const bool here = inside && i >= 0 && i < g_.in[axis];
      if (axis + 1 == axes_) {
        element(here ? part + i : part, here);
      } else {
        row(axis + 1, here ? part + i * step : part, here);
      }
    }
  }

  void element(Image* place, bool inside) {
    if constexpr (std::is_const_v<Image>) {
      *columns_ = inside ? *place : Column(0);
    } else if (inside) {
      *place += *columns_;
    }
    ++columns_;
  }

  const ConvolutionGeometry& g_;
  const size_t axes_;
  std::vector<int64_t> offset_;  // of the current kernel element, per axis
  Column* columns_;
};

}  // namespace

template <typename T>
void patches_to_columns(const ConvolutionGeometry& geometry, int64_t channels, const T* image,
                        T* columns) {
  Walk<const T, T>(geometry, columns).run(channels, image);
}

template <typename T>
void columns_to_patches(const ConvolutionGeometry& geometry, int64_t channels, const T* columns,
                        T* image) {
  Walk<T, const T>(geometry, columns).run(channels, image);
}

template void patches_to_columns(const ConvolutionGeometry&, int64_t, const float*, float*);
template void patches_to_columns(const ConvolutionGeometry&, int64_t, const double*, double*);
template void columns_to_patches(const ConvolutionGeometry&, int64_t, const float*, float*);
template void columns_to_patches(const ConvolutionGeometry&, int64_t, const double*, double*);

}  // namespace reference
}  // namespace caffe
