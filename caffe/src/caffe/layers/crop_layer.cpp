#include <algorithm>

#include "caffe/copy_values.hpp"
#include "caffe/layer_registry.hpp"

namespace caffe {

// Cuts a window out of bottom 0 that on the axes from crop_param.axis (2) on is as large as
// bottom 1, of which only the shape is used. `offset` says where it starts: 0 if none is given,
// else one for all axes or one per axis. dx is dy inside the window, 0 around it.
template <typename T>
class CropLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "Crop"; }
  CountRange bottom_count() const override { return {2, 2}; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const CropParameter& p = this->param_.crop_param();
    const Shape& in = bottom[0]->shape();
    const int axes = bottom[0]->num_axes(), first = bottom[0]->canonical_axis(p.axis());
    this->check(bottom[1]->num_axes() >= axes, Code::kShape, "bottom 1 of shape ",
                shape_string(bottom[1]->shape()), " lacks axes that bottom 0 has, of shape ",
                shape_string(in));
    this->check(p.offset_size() <= 1 || p.offset_size() == axes - first, Code::kBadNet,
                "offset must be given once or once per cropped axis: ", axes - first, " axes, ",
                p.offset_size(), " offsets");
    Shape shape = in;
    offsets_.assign(axes, 0);
    for (int i = first; i < axes; ++i) {
      shape[i] = bottom[1]->dim(i);
      if (p.offset_size() > 0) offsets_[i] = p.offset(p.offset_size() == 1 ? 0 : i - first);
      this->check(shape[i] <= in[i] && offsets_[i] <= in[i] - shape[i], Code::kShape,
                  "a window of ", shape[i], " at ", offsets_[i], " does not fit axis ", i,
                  ", of extent ", in[i]);
    }
    top[0]->reshape(shape);
  }

 protected:
  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const T* x = bottom[0]->data().read();
    T* y = top[0]->data().write();
    for_rows(*bottom[0], *top[0],
             [&](int64_t in, int64_t out, int64_t n) { std::copy_n(x + in, n, y + out); });
    top[0]->data().written();
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    if (propagate_down[1]) bottom[1]->diff().set_zero();
    if (!propagate_down[0]) return;
    const T* dy = top[0]->diff().read();
    T* dx = bottom[0]->diff().write();
    fill_values(T(0), bottom[0]->count(), dx);
    for_rows(*bottom[0], *top[0],
             [&](int64_t in, int64_t out, int64_t n) { std::copy_n(dy + out, n, dx + in); });
    bottom[0]->diff().written();
  }

 private:
  // body(where in the image, where in the window, length) for every row of the window, in parallel.
  template <typename Body>
  void for_rows(const Blob<T>& image, const Blob<T>& window, const Body& body) const {
    const int last = window.num_axes() - 1;
    const int64_t length = window.dim(last);
    if (length == 0) return;
    std::vector<int64_t> strides(last);
    for (int axis = 0; axis < last; ++axis) strides[axis] = image.count(axis + 1);
    const Shape& extents = window.shape();
    const int64_t rows = window.count() / length;
#pragma omp parallel for schedule(static) if (window.count() > 16384)
    for (int64_t row = 0; row < rows; ++row) {
      int64_t rest = row, in = offsets_[last];
      for (int axis = last - 1; axis >= 0; rest /= extents[axis--]) {
        in += (rest % extents[axis] + offsets_[axis]) * strides[axis];
      }
      body(in, row * length, length);
    }
  }

  Shape offsets_;  // per axis of the bottom
};

CAFFE_REGISTER_LAYER(Crop, CropLayer);

}  // namespace caffe
