#include "caffe/layers/convolution_base_layer.hpp"

#include "caffe/layers/window_param.hpp"

namespace caffe {

template <typename T>
void ConvolutionBaseLayer<T>::reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) {
  ConvolutionGeometry& g = geometry_;
  const Shape& in = bottom[0]->shape();
  for (size_t i = 1; i < bottom.size(); ++i) {
    this->check(bottom[i]->shape() == in, Code::kShape,
                "all bottoms must have one shape, but bottom 0 has ", shape_string(in),
                " and bottom ", i, " has ", shape_string(bottom[i]->shape()));
  }
  const int64_t channels = transposed() ? g.out_channels : g.in_channels;
  this->check(static_cast<int>(in.size()) == axis_ + 1 + spatial_axes_ && in[axis_] == channels,
              Code::kShape, "was set up for ", channels, " channels and ", spatial_axes_,
              " spatial axes, but its bottom now has shape ", shape_string(in));
  g.batch = product(in, 0, axis_);
  (transposed() ? g.out : g.in).assign(in.begin() + axis_ + 1, in.end());
  transposed() ? shape_input(&g) : shape_output(&g);
  Shape out(in.begin(), in.begin() + axis_);
  out.push_back(transposed() ? g.in_channels : g.out_channels);
  const std::vector<int64_t>& spatial = transposed() ? g.in : g.out;
  out.insert(out.end(), spatial.begin(), spatial.end());
  for (Blob<T>* blob : top) blob->reshape(out);
}

template <typename T>
void ConvolutionBaseLayer<T>::layer_setup(const BlobVec<T>& bottom, const BlobVec<T>&) {
  const ConvolutionParameter& p = this->param_.convolution_param();
  axis_ = bottom[0]->canonical_axis(p.axis());
  spatial_axes_ = bottom[0]->num_axes() - axis_ - 1;
  read_window(p, spatial_axes_, &geometry_);
  const int64_t channels = bottom[0]->dim(axis_), outputs = p.num_output(), groups = p.group();
  this->check(outputs > 0, Code::kBadNet, "num_output must be positive");
  this->check(groups > 0, Code::kBadNet, "group must be positive");
  this->check(channels > 0, Code::kShape, "has no channels: its bottom has shape ",
              shape_string(bottom[0]->shape()));
  this->check(channels % groups == 0, Code::kShape, "group ", groups, " does not divide the ",
              channels, " input channels");
  this->check(outputs % groups == 0, Code::kBadNet, "group ", groups,
              " does not divide num_output ", outputs);
  geometry_.in_channels = transposed() ? outputs : channels;
  geometry_.out_channels = transposed() ? channels : outputs;
  geometry_.groups = groups;
  Shape weights = {geometry_.out_channels, geometry_.in_channels / groups};
  weights.insert(weights.end(), geometry_.kernel.begin(), geometry_.kernel.end());
  this->add_param(weights, p.weight_filler());
  if (has_bias()) this->add_param({outputs}, p.bias_filler());
}

template class ConvolutionBaseLayer<float>;
template class ConvolutionBaseLayer<double>;

}  // namespace caffe
