#include <algorithm>

#include "caffe/blob.hpp"
#include "caffe/ops/reference/gemm.hpp"
#include "caffe/ops/reference/reference_ops.hpp"

namespace caffe {
namespace reference {

namespace {

// y (rows x outputs) = x (rows x inputs) * W^T + b, W (outputs x inputs) or transposed.
template <typename T>
class InnerProduct : public InnerProductOp<T> {
 public:
  explicit InnerProduct(const InnerProductGeometry& geometry)
      : rows_(geometry.rows),
        outputs_(geometry.outputs),
        inputs_(product(geometry.inputs)),
        transposed_(geometry.transposed) {}

  void forward(Storage<T>& x, Storage<T>& w, Storage<T>* b, Storage<T>& y) override {
    const T* input = x.read();
    const T* weights = w.read();
    const T* bias = b ? b->read() : nullptr;
    T* output = y.write();
    for (int64_t i = 0; i < rows_; ++i) {
      if (bias) {
        std::copy_n(bias, outputs_, output + i * outputs_);
      } else {
        std::fill_n(output + i * outputs_, outputs_, T(0));
      }
    }
    gemm(Transpose::kNo, transposed_ ? Transpose::kNo : Transpose::kYes, rows_, outputs_, inputs_,
         input, weights, output);
    y.written();
  }

  void backward_data(Storage<T>& dy, Storage<T>& w, Storage<T>& dx) override {
    const T* top_diff = dy.read();
    const T* weights = w.read();
    T* bottom_diff = dx.write();
    std::fill_n(bottom_diff, rows_ * inputs_, T(0));
    gemm(Transpose::kNo, transposed_ ? Transpose::kYes : Transpose::kNo, rows_, inputs_, outputs_,
         top_diff, weights, bottom_diff);
    dx.written();
  }

  void backward_weights(Storage<T>& x, Storage<T>& dy, Storage<T>* dw, Storage<T>* db) override {
    const T* input = x.read();
    const T* top_diff = dy.read();
    if (dw) {
      T* weight_diff = dw->read_write();
      if (transposed_) {
        gemm(Transpose::kYes, Transpose::kNo, inputs_, outputs_, rows_, input, top_diff,
             weight_diff);
      } else {
        gemm(Transpose::kYes, Transpose::kNo, outputs_, inputs_, rows_, top_diff, input,
             weight_diff);
      }
      dw->written();
    }
    if (db) {
      T* bias_diff = db->read_write();
      for (int64_t i = 0; i < rows_; ++i) {
        for (int64_t j = 0; j < outputs_; ++j) bias_diff[j] += top_diff[i * outputs_ + j];
      }
      db->written();
    }
  }

 private:
  int64_t rows_, outputs_, inputs_;
  bool transposed_;
};

}  // namespace

template <typename T>
std::unique_ptr<InnerProductOp<T>> inner_product(const InnerProductGeometry& geometry) {
  return std::make_unique<InnerProduct<T>>(geometry);
}

template std::unique_ptr<InnerProductOp<float>> inner_product(const InnerProductGeometry&);
template std::unique_ptr<InnerProductOp<double>> inner_product(const InnerProductGeometry&);

}  // namespace reference
}  // namespace caffe
