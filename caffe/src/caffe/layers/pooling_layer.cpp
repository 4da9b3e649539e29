#include <algorithm>

#include "caffe/extents.hpp"
#include "caffe/layer_registry.hpp"
#include "caffe/ops/pooling_op.hpp"

namespace caffe {

// Maximum (MAX) or average (AVE) over windows of the last two of four axes.
// Output extent: ceil((in + 2*pad - kernel) / stride) + 1, or floor with round_mode FLOOR;
// with padding, a last window that would start beyond in + pad is left out. Averages divide
// by the part of the window inside the padded image. A second top of MAX gets the position
// h*width + w of each maximum. dx: MAX sends dy to that position, AVE spreads it evenly.
template <typename T>
class PoolingLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "Pooling"; }
  const Op* main_op() const override { return op_.get(); }
  CountRange top_count() const override {
    return {1, this->param_.pooling_param().pool() == PoolingParameter::MAX ? 2 : 1};
  }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const Shape& in = bottom[0]->shape();
    this->check(in.size() == 4, Code::kShape, "needs a bottom with 4 axes, has shape ",
                shape_string(in));
    geometry_.batch = in[0];
    geometry_.channels = in[1];
    for (int i = 0; i < 2; ++i) geometry_.in[i] = in[2 + i];
    const bool padded = geometry_.pad[0] > 0 || geometry_.pad[1] > 0;
    for (int i = 0; i < 2; ++i) {
      geometry_.kernel[i] = kernel_[i] > 0 ? kernel_[i] : in[2 + i];
      geometry_.out[i] = output_extent(i, padded);
      // What reaches over all of the padded image counts no more than it does.
      geometry_.kernel[i] = std::min(geometry_.kernel[i], in[2 + i] + 2 * geometry_.pad[i]);
    }
    for (Blob<T>* blob : top) {
      blob->reshape({in[0], in[1], geometry_.out[0], geometry_.out[1]});
    }
    geometry_.mask = top.size() > 1;
  }

  void plan(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    geometry_.train = this->train_;
    op_ = create_pooling<T>(geometry_, bottom[0]->format());
    top[0]->set_format(op_->top_format());
    if (geometry_.mask) top[1]->set_format(nullptr);
  }

 protected:
  void layer_setup(const BlobVec<T>&, const BlobVec<T>&) override {
    const PoolingParameter& p = this->param_.pooling_param();
    this->check(p.pool() != PoolingParameter::STOCHASTIC, Code::kUnsupported,
                "pool: STOCHASTIC needs a GPU, as in Caffe; use MAX or AVE");
    geometry_.method = p.pool() == PoolingParameter::MAX ? PoolingGeometry::Method::kMax
                                                         : PoolingGeometry::Method::kAverage;
    const bool pair = p.has_kernel_h() || p.has_kernel_w();
    read_pair("stride", p.has_stride(), p.stride(), p.has_stride_h(), p.stride_h(),
              p.has_stride_w(), p.stride_w(), geometry_.stride);
    read_pair("pad", p.has_pad(), p.pad(), p.has_pad_h(), p.pad_h(), p.has_pad_w(), p.pad_w(),
              geometry_.pad);
    if (p.global_pooling()) {
      this->check(!p.has_kernel_size() && !pair, Code::kBadNet,
                  "global_pooling covers the whole plane: give no kernel size with it");
    } else {
      this->check(p.has_kernel_size() != pair, Code::kBadNet,
                  "give either kernel_size or kernel_h and kernel_w");
      this->check(!pair || (p.has_kernel_h() && p.has_kernel_w()), Code::kBadNet,
                  "kernel_h and kernel_w must be given together");
      kernel_[0] = window_extent("kernel size", pair ? p.kernel_h() : p.kernel_size());
      kernel_[1] = window_extent("kernel size", pair ? p.kernel_w() : p.kernel_size());
    }
    for (int i = 0; i < 2; ++i) check_window(i, p.global_pooling());
  }

  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    op_->forward(bottom[0]->data(), top[0]->data(), geometry_.mask ? &top[1]->data() : nullptr);
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    if (!propagate_down[0]) return;
    if (this->prepare_backward(bottom, top)) {
      Storage<T> output(top[0]->count()), mask(top[0]->count());
      op_->forward(bottom[0]->data(), output, geometry_.mask ? &mask : nullptr);
    }
    op_->backward(top[0]->diff(), bottom[0]->diff());
  }

 private:
  void read_pair(const char* name, bool has, int64_t value, bool has_h, int64_t h, bool has_w,
                 int64_t w, int64_t* pair) const {
    this->check(!has || (!has_h && !has_w), Code::kBadNet, "give either ", name, " or ", name,
                "_h and ", name, "_w");
    this->check(has_h == has_w, Code::kBadNet, name, "_h and ", name, "_w must be given together");
    pair[0] = window_extent(name, has_h ? h : value);
    pair[1] = window_extent(name, has_h ? w : value);
  }

  void check_window(int i, bool global) const {
    const PoolingGeometry& g = geometry_;
    this->check(g.stride[i] > 0, Code::kBadNet, "stride must be positive");
    if (global) {
      this->check(g.pad[i] == 0 && g.stride[i] == 1, Code::kBadNet,
                  "global_pooling needs pad 0 and stride 1");
    } else {
      this->check(kernel_[i] > 0, Code::kBadNet, "kernel size must be positive");
      this->check(g.pad[i] < kernel_[i], Code::kBadNet, "pad ", g.pad[i],
                  " must be smaller than the kernel, ", kernel_[i]);
    }
  }

  int64_t output_extent(int i, bool padded) const {
    const PoolingGeometry& g = geometry_;
    // A kernel larger than the image still has one output if rounding up gives one.
    const int64_t room = g.in[i] + 2 * g.pad[i] - g.kernel[i], stride = g.stride[i];
    const int64_t below = room >= 0 ? room / stride : -((stride - 1 - room) / stride);
    const bool up = this->param_.pooling_param().round_mode() == PoolingParameter::CEIL;
    const int64_t out = below + (up && below * stride < room ? 1 : 0) + 1;
    this->check(g.in[i] > 0 && out > 0, Code::kShape, "a kernel of ", g.kernel[i],
                " does not fit an input of ", g.in[i], " with pad ", g.pad[i]);
    const bool beyond = padded && (out - 1) * g.stride[i] >= g.in[i] + g.pad[i];
    return beyond ? out - 1 : out;
  }

  int64_t kernel_[2] = {0, 0};  // as given; 0: the whole plane
  PoolingGeometry geometry_;
  std::unique_ptr<PoolingOp<T>> op_;
};

CAFFE_REGISTER_LAYER(Pooling, PoolingLayer);

}  // namespace caffe
