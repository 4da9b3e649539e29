#include "caffe/layers/view_layer.hpp"

namespace caffe {

// Joins the axes flatten_param.axis (1) to end_axis (-1) into one. Memory is shared.
template <typename T>
class FlattenLayer : public ViewLayer<T> {
 public:
  using ViewLayer<T>::ViewLayer;
  const char* type() const override { return "Flatten"; }

 protected:
  Shape view_shape(const Blob<T>& bottom) const override {
    const FlattenParameter& p = this->param_.flatten_param();
    const int first = bottom.canonical_axis(p.axis()), last = bottom.canonical_axis(p.end_axis());
    this->check(first <= last, Code::kBadNet, "axis ", p.axis(), " lies behind end_axis ",
                p.end_axis());
    Shape shape(bottom.shape().begin(), bottom.shape().begin() + first);
    shape.push_back(bottom.count(first, last + 1));
    shape.insert(shape.end(), bottom.shape().begin() + last + 1, bottom.shape().end());
    return shape;
  }
};

CAFFE_REGISTER_LAYER(Flatten, FlattenLayer);

}  // namespace caffe
