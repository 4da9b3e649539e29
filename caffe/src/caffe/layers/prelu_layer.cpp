#include <algorithm>

#include "caffe/layer_registry.hpp"

namespace caffe {

// Parametric rectified linear unit: y = max(x, 0) + a_c * min(x, 0) with one slope a_c for
// every channel (axis 1), or a single one if prelu_param.channel_shared.
// dx = dy * ([x > 0] + a_c * [x <= 0]), da_c += sum of dy * x * [x <= 0].
// Parameter: a (C), or a scalar if shared; filled with 0.25 unless `filler` says otherwise.
// He et al., Delving deep into rectifiers, 2015.
template <typename T>
class PReLULayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "PReLU"; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    this->check(bottom[0]->num_axes() >= 2, Code::kShape,
                "needs a bottom with at least 2 axes, has shape ",
                shape_string(bottom[0]->shape()));
    this->check(shared() || bottom[0]->dim(1) == slopes_, Code::kShape, "was set up for ", slopes_,
                " channels, but its bottom now has shape ", shape_string(bottom[0]->shape()));
    rows_ = bottom[0]->count(0, 2);
    inner_ = bottom[0]->count(2);
    if (top[0] != bottom[0]) top[0]->reshape(bottom[0]->shape());
  }

 protected:
  void layer_setup(const BlobVec<T>& bottom, const BlobVec<T>&) override {
    this->check(bottom[0]->num_axes() >= 2, Code::kShape,
                "needs a bottom with at least 2 axes, has shape ",
                shape_string(bottom[0]->shape()));
    const PReLUParameter& p = this->param_.prelu_param();
    FillerParameter quarter;
    quarter.set_value(0.25f);
    slopes_ = shared() ? 1 : bottom[0]->dim(1);
    this->add_param(shared() ? Shape{} : Shape{slopes_}, p.has_filler() ? p.filler() : quarter);
  }

  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const bool in_place = bottom[0] == top[0];
    const T* a = this->blobs_[0]->data().read();
    const T* x = bottom[0]->data().read();
    // y tells the sign of x only while no slope is negative, and slopes are learned.
    if (in_place) kept_input_.assign(x, x + bottom[0]->count());
    T* y = in_place ? top[0]->data().read_write() : top[0]->data().write();
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < rows_; ++row) {
      const T slope = a[row % slopes_];
      for (int64_t i = row * inner_; i < (row + 1) * inner_; ++i) {
        y[i] = std::max(x[i], T(0)) + slope * std::min(x[i], T(0));
      }
    }
    top[0]->data().written();
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    const bool in_place = bottom[0] == top[0];
    const T* x = in_place ? kept_input_.data() : bottom[0]->data().read();
    const T* dy = top[0]->diff().read();
    if (this->param_propagate_down(0)) add_slope_diff(x, dy);
    if (!propagate_down[0]) return;
    const T* a = this->blobs_[0]->data().read();
    T* dx = in_place ? bottom[0]->diff().read_write() : bottom[0]->diff().write();
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < rows_; ++row) {
      const T slope = a[row % slopes_];
      for (int64_t i = row * inner_; i < (row + 1) * inner_; ++i) {
        dx[i] = dy[i] * (x[i] > T(0) ? T(1) : slope);
      }
    }
    bottom[0]->diff().written();
  }

 private:
  bool shared() const { return this->param_.prelu_param().channel_shared(); }

  void add_slope_diff(const T* x, const T* dy) {
    T* da = this->blobs_[0]->diff().read_write();
    for (int64_t row = 0; row < rows_; ++row) {
      T sum = 0;
      for (int64_t i = row * inner_; i < (row + 1) * inner_; ++i) {
        sum += dy[i] * std::min(x[i], T(0));
      }
      da[row % slopes_] += sum;
    }
    this->blobs_[0]->diff().written();
  }

  int64_t slopes_ = 1, rows_ = 0, inner_ = 0;
  std::vector<T> kept_input_;  // when run in place
};

CAFFE_REGISTER_LAYER(PReLU, PReLULayer);

}  // namespace caffe
