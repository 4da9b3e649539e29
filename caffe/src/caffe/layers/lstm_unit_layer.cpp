#include "caffe/layer_registry.hpp"
#include "caffe/layers/lstm_cell.hpp"

namespace caffe {

// One step of long short-term memory (lstm_cell.hpp). Bottoms: c before the step (1, N, D),
// gates (1, N, 4D) and cont (1, N), 0 where a stream starts anew; tops: c and h (1, N, D).
template <typename T>
class LSTMUnitLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "LSTMUnit"; }
  bool backward_reads_tops() const override { return true; }
  CountRange bottom_count() const override { return {3, 3}; }
  CountRange top_count() const override { return {2, 2}; }
  bool allow_force_backward(int bottom) const override { return bottom != 2; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const Shape c = bottom[0]->shape();
    this->check(c.size() == 3 && c[0] == 1, Code::kShape,
                "its cell (bottom 0) must have shape (1, streams, size), but has ",
                shape_string(c));
    extents_ = {c[1], c[2]};
    const auto want = [&](int i, const Shape& shape) {
      this->check(bottom[i]->shape() == shape, Code::kShape, "bottom ", i, " must have shape ",
                  shape_string(shape), ", but has ", shape_string(bottom[i]->shape()));
    };
    want(1, {1, c[1], 4 * c[2]});
    want(2, {1, c[1]});
    top[0]->reshape(c);
    top[1]->reshape(c);
    activations_.resize(bottom[1]->count());
  }

 protected:
  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    lstm_forward(extents_, bottom[2]->data().read(), bottom[0]->data().read(),
                 bottom[1]->data().read(), activations_.data(), top[0]->data().write(),
                 top[1]->data().write());
    top[0]->data().written();
    top[1]->data().written();
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    this->check(!propagate_down[2], Code::kUnsupported,
                "cannot give its sequence indicators (bottom 2) a gradient");
    if (!propagate_down[0] && !propagate_down[1]) return;
    const T* c_before = bottom[0]->data().read();
    const T* dc = top[0]->diff().read();
    // Both are computed together; one that is not wanted goes elsewhere.
    unwanted_.resize(bottom[1]->count());
    T* dc_before = unwanted_.data();
    T* dgates = unwanted_.data();
    if (propagate_down[0]) dc_before = bottom[0]->diff().write();
    if (propagate_down[1]) dgates = bottom[1]->diff().write();
    lstm_backward(extents_, c_before, activations_.data(), top[0]->data().read(), dc,
                  top[1]->diff().read(), dc_before, dgates);
    for (int i = 0; i < 2; ++i) {
      if (propagate_down[i]) bottom[i]->diff().written();
    }
  }

 private:
  LstmExtents extents_{0, 0};
  std::vector<T> activations_, unwanted_;
};

CAFFE_REGISTER_LAYER(LSTMUnit, LSTMUnitLayer);

}  // namespace caffe
