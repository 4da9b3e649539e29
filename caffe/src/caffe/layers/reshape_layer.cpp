#include <algorithm>

#include "caffe/layers/view_layer.hpp"

namespace caffe {

// Replaces the axes [axis, axis + num_axes) of reshape_param (0 and -1: all) by `shape`. In
// it, 0 copies the bottom's extent at the same place and one -1 is found from the count.
// axis -1 stands behind the last axis. Memory is shared.
template <typename T>
class ReshapeLayer : public ViewLayer<T> {
 public:
  using ViewLayer<T>::ViewLayer;
  const char* type() const override { return "Reshape"; }

 protected:
  Shape view_shape(const Blob<T>& bottom) const override {
    const ReshapeParameter& p = this->param_.reshape_param();
    const int axes = bottom.num_axes();
    const int first = p.axis() < 0 ? p.axis() + axes + 1 : p.axis();
    this->check(first >= 0 && first <= axes, Code::kBadNet, "axis ", p.axis(),
                " is out of range for shape ", shape_string(bottom.shape()));
    this->check(p.num_axes() >= -1, Code::kBadNet, "num_axes must be at least -1, is ",
                p.num_axes());
    const int last = p.num_axes() == -1 ? axes : first + std::min(p.num_axes(), axes + 1);
    this->check(last <= axes, Code::kBadNet, "axis ", p.axis(), " and num_axes ", p.num_axes(),
                " reach beyond the axes of shape ", shape_string(bottom.shape()));
    const Shape& in = bottom.shape();
    Shape shape(in.begin(), in.begin() + first);
    int inferred = -1;
    for (int i = 0; i < p.shape().dim_size(); ++i) {
      const int64_t extent = p.shape().dim(i);
      this->check(extent >= -1, Code::kBadNet, "extent ", extent, " of shape is below -1");
      this->check(extent != -1 || inferred < 0, Code::kBadNet, "shape has more than one -1");
      this->check(extent != 0 || first + i < axes, Code::kBadNet, "extent 0 at place ", i,
                  " of shape: the bottom has no axis there to copy");
      if (extent == -1) inferred = static_cast<int>(shape.size());
      shape.push_back(extent == 0 ? in[first + i] : extent == -1 ? 1 : extent);
    }
    shape.insert(shape.end(), in.begin() + last, in.end());
    if (inferred >= 0 && product(shape) > 0) shape[inferred] = bottom.count() / product(shape);
    return shape;
  }
};

CAFFE_REGISTER_LAYER(Reshape, ReshapeLayer);

}  // namespace caffe
