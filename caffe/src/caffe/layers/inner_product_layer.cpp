#include "caffe/layer_registry.hpp"
#include "caffe/ops/inner_product_op.hpp"

namespace caffe {

// Fully connected layer: y = x W^T + b (y = x W + b if inner_product_param.transpose). Axes
// of x before `axis` (1) number the rows; those from `axis` on, K values, are summed over.
// Parameters: W (num_output, K) or (K, num_output) if transposed, b (num_output) if
// bias_term. dW += dy^T x, db += column sums of dy, dx = dy W.
template <typename T>
class InnerProductLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "InnerProduct"; }
  const Op* main_op() const override { return op_.get(); }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const Shape& in = bottom[0]->shape();
    const int64_t inputs = product(geometry_.inputs);
    this->check(static_cast<int>(in.size()) >= axis_ && bottom[0]->count(axis_) == inputs,
                Code::kShape, "was set up for ", inputs,
                " inputs per row, but its bottom now has "
                "shape ",
                shape_string(in));
    geometry_.rows = bottom[0]->count(0, axis_);
    geometry_.inputs.assign(in.begin() + axis_, in.end());
    Shape out(in.begin(), in.begin() + axis_);
    out.push_back(geometry_.outputs);
    top[0]->reshape(out);
  }

  void plan(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    geometry_.train = this->train_;
    op_ = create_inner_product<T>(geometry_, bottom[0]->format());
    top[0]->set_format(nullptr);
  }

 protected:
  void layer_setup(const BlobVec<T>& bottom, const BlobVec<T>&) override {
    const InnerProductParameter& p = this->param_.inner_product_param();
    this->check(p.num_output() > 0, Code::kBadNet, "num_output must be positive");
    axis_ = bottom[0]->canonical_axis(p.axis());
    geometry_.outputs = p.num_output();
    geometry_.bias = p.bias_term();
    geometry_.transposed = p.transpose();
    const Shape& in = bottom[0]->shape();
    geometry_.inputs.assign(in.begin() + axis_, in.end());
    const int64_t inputs = product(geometry_.inputs);
    this->check(inputs > 0, Code::kShape, "has no inputs: its bottom has shape ", shape_string(in));
    const Shape weights =
        p.transpose() ? Shape{inputs, geometry_.outputs} : Shape{geometry_.outputs, inputs};
    this->add_param(weights, p.weight_filler());
    if (p.bias_term()) this->add_param({geometry_.outputs}, p.bias_filler());
  }

  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    Storage<T>* bias = geometry_.bias ? &this->blobs_[1]->data() : nullptr;
    op_->forward(bottom[0]->data(), this->blobs_[0]->data(), bias, top[0]->data());
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    this->prepare_backward(bottom, top);
    Storage<T>* dw = this->param_propagate_down(0) ? &this->blobs_[0]->diff() : nullptr;
    Storage<T>* db =
        geometry_.bias && this->param_propagate_down(1) ? &this->blobs_[1]->diff() : nullptr;
    if (dw || db) op_->backward_weights(bottom[0]->data(), top[0]->diff(), dw, db);
    if (propagate_down[0]) {
      op_->backward_data(top[0]->diff(), this->blobs_[0]->data(), bottom[0]->diff());
    }
  }

 private:
  int axis_ = 1;
  InnerProductGeometry geometry_;
  std::unique_ptr<InnerProductOp<T>> op_;
};

CAFFE_REGISTER_LAYER(InnerProduct, InnerProductLayer);

}  // namespace caffe
