#include <algorithm>

#include "caffe/extents.hpp"
#include "caffe/layer_registry.hpp"
#include "caffe/layers/window_param.hpp"
#include "caffe/ops/reference/patches.hpp"

namespace caffe {

// Lays out the patches that a Convolution with this convolution_param would see, one per
// output position: channels of the top are (channel, kernel offsets in row-major order), zero
// outside the image. dx adds every patch's gradient back to where it came from.
template <typename T>
class Im2colLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "Im2col"; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const Shape& in = bottom[0]->shape();
    this->check(bottom[0]->num_axes() == axis_ + 1 + static_cast<int>(geometry_.kernel.size()),
                Code::kShape, "was set up for ", geometry_.kernel.size(),
                " spatial axes, but its bottom now has shape ", shape_string(in));
    geometry_.in.assign(in.begin() + axis_ + 1, in.end());
    shape_output(&geometry_);
    items_ = bottom[0]->count(0, axis_);
    geometry_.in_channels = in[axis_];
    Shape shape(in.begin(), in.begin() + axis_);
    shape.push_back(extent_product(in[axis_], product(geometry_.kernel)));
    shape.insert(shape.end(), geometry_.out.begin(), geometry_.out.end());
    top[0]->reshape(shape);
  }

 protected:
  void layer_setup(const BlobVec<T>& bottom, const BlobVec<T>&) override {
    const ConvolutionParameter& p = this->param_.convolution_param();
    axis_ = bottom[0]->canonical_axis(p.axis());
    const int spatial_axes = bottom[0]->num_axes() - axis_ - 1;
    this->check(spatial_axes > 0, Code::kShape, "needs spatial axes behind axis ", axis_,
                ", but its bottom has shape ", shape_string(bottom[0]->shape()));
    read_window(p, spatial_axes, &geometry_);
  }

  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const T* x = bottom[0]->data().read();
    T* y = top[0]->data().write();
    const int64_t image = bottom[0]->count(axis_), columns = top[0]->count(axis_);
    for (int64_t n = 0; n < items_; ++n) {
      reference::patches_to_columns(geometry_, geometry_.in_channels, x + n * image,
                                    y + n * columns);
    }
    top[0]->data().written();
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    if (!propagate_down[0]) return;
    const T* dy = top[0]->diff().read();
    T* dx = bottom[0]->diff().write();
    std::fill_n(dx, bottom[0]->count(), T(0));
    const int64_t image = bottom[0]->count(axis_), columns = top[0]->count(axis_);
    for (int64_t n = 0; n < items_; ++n) {
      reference::columns_to_patches(geometry_, geometry_.in_channels, dy + n * columns,
                                    dx + n * image);
    }
    bottom[0]->diff().written();
  }

 private:
  int axis_ = 1;
  int64_t items_ = 0;
  ConvolutionGeometry geometry_;  // window and spatial extents alone
};

CAFFE_REGISTER_LAYER(Im2col, Im2colLayer);

}  // namespace caffe
