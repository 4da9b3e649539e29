#include <algorithm>
#include <vector>

#include "caffe/blob.hpp"
#include "caffe/extents.hpp"
#include "caffe/ops/rectify.hpp"
#include "caffe/ops/reference/gemm.hpp"
#include "caffe/ops/reference/patches.hpp"
#include "caffe/ops/reference/reference_ops.hpp"

namespace caffe {
namespace reference {

namespace {

// Images are shared out in this many chunks, whatever the number of threads, so that sums
// over images come out the same for any number.
constexpr int64_t kChunks = 8;

// Per image and group: columns of patches, then one matrix product.
template <typename T>
class Convolution : public ConvolutionOp<T> {
 public:
  explicit Convolution(const ConvolutionGeometry& geometry)
      : g_(geometry),
        group_in_(g_.in_channels / g_.groups),
        group_out_(g_.out_channels / g_.groups),
        patch_(extent_product(group_in_, product(g_.kernel))),
        in_plane_(product(g_.in)),
        out_plane_(product(g_.out)),
        weights_(extent_product(g_.out_channels, patch_)),
        chunks_(std::min(g_.batch, kChunks)) {
    columns_.resize(chunks_);
    for (auto& columns : columns_) columns.resize(extent_product(patch_, out_plane_));
  }

  void forward(Storage<T>& x, Storage<T>& w, Storage<T>* b, Storage<T>& y) override {
    run(x, w, b, /*sum=*/false, y, y.write());
  }

  void forward_sum(Storage<T>& x, Storage<T>& w, Storage<T>* b, Storage<T>& y) override {
    run(x, w, b, /*sum=*/true, y, y.read_write());
  }

  void backward_data(Storage<T>& dy, Storage<T>& w, Storage<T>& dx) override {
    const T* top_diff = dy.read();
    const T* weights = w.read();
    T* bottom_diff = dx.write();
    std::fill_n(bottom_diff, g_.batch * g_.in_channels * in_plane_, T(0));
    for_each_image([&](int64_t chunk, int64_t n) {
      std::vector<T>& columns = columns_[chunk];
      for (int64_t g = 0; g < g_.groups; ++g) {
        std::fill(columns.begin(), columns.end(), T(0));
        gemm(Transpose::kYes, Transpose::kNo, patch_, out_plane_, group_out_,
             weights + g * group_out_ * patch_, map(top_diff, n, g), columns.data());
        columns_to_patches(g_, group_in_, columns.data(), image(bottom_diff, n, g));
      }
    });
    dx.written();
  }

  void backward_weights(Storage<T>& x, Storage<T>& dy, Storage<T>* dw, Storage<T>* db) override {
    const T* top_diff = dy.read();
    if (dw) add_weight_diff(x.read(), top_diff, *dw);
    if (db) add_bias_diff(top_diff, *db);
  }

 private:
  // output: y's values. sum: they are added to.
  void run(Storage<T>& x, Storage<T>& w, Storage<T>* b, bool sum, Storage<T>& y, T* output) {
    const T* input = x.read();
    const T* weights = w.read();
    const T* bias = b ? b->read() : nullptr;
    for_each_image([&](int64_t chunk, int64_t n) {
      T* columns = columns_[chunk].data();
      for (int64_t g = 0; g < g_.groups; ++g) {
        patches_to_columns(g_, group_in_, image(input, n, g), columns);
        T* result = map(output, n, g);
        if (!sum) std::fill_n(result, group_out_ * out_plane_, T(0));
        for (int64_t c = 0; bias != nullptr && c < group_out_; ++c) {
          T* plane = result + c * out_plane_;
          for (int64_t i = 0; i < out_plane_; ++i) plane[i] += bias[g * group_out_ + c];
        }
        gemm(Transpose::kNo, Transpose::kNo, group_out_, out_plane_, patch_,
             weights + g * group_out_ * patch_, columns, result);
        if (g_.relu) rectify(result, group_out_ * out_plane_, result);
      }
    });
    y.written();
  }

  template <typename Body>
  void for_each_image(const Body& body) {
#pragma omp parallel for schedule(static, 1)
    for (int64_t chunk = 0; chunk < chunks_; ++chunk) {
      const int64_t last = g_.batch * (chunk + 1) / chunks_;
      for (int64_t n = g_.batch * chunk / chunks_; n < last; ++n) body(chunk, n);
    }
  }

  template <typename P>
  P* image(P* values, int64_t n, int64_t group) const {
    return values + (n * g_.in_channels + group * group_in_) * in_plane_;
  }
  template <typename P>
  P* map(P* values, int64_t n, int64_t group) const {
    return values + (n * g_.out_channels + group * group_out_) * out_plane_;
  }

  void add_weight_diff(const T* input, const T* top_diff, Storage<T>& dw) {
    std::vector<std::vector<T>> sums(chunks_, std::vector<T>(weights_));
    for_each_image([&](int64_t chunk, int64_t n) {
      T* columns = columns_[chunk].data();
      for (int64_t g = 0; g < g_.groups; ++g) {
        patches_to_columns(g_, group_in_, image(input, n, g), columns);
        gemm(Transpose::kNo, Transpose::kYes, group_out_, patch_, out_plane_, map(top_diff, n, g),
             columns, sums[chunk].data() + g * group_out_ * patch_);
      }
    });
    T* weight_diff = dw.read_write();
    for (const auto& sum : sums) {
      for (int64_t i = 0; i < weights_; ++i) weight_diff[i] += sum[i];
    }
    dw.written();
  }

  void add_bias_diff(const T* top_diff, Storage<T>& db) {
    T* bias_diff = db.read_write();
#pragma omp parallel for schedule(static)
    for (int64_t c = 0; c < g_.out_channels; ++c) {
      T sum = 0;
      for (int64_t n = 0; n < g_.batch; ++n) {
        const T* plane = top_diff + (n * g_.out_channels + c) * out_plane_;
        for (int64_t i = 0; i < out_plane_; ++i) sum += plane[i];
      }
      bias_diff[c] += sum;
    }
    db.written();
  }

  const ConvolutionGeometry g_;
  const int64_t group_in_, group_out_;  // channels per group
  const int64_t patch_;                 // weights per output channel
  const int64_t in_plane_, out_plane_, weights_, chunks_;
  std::vector<std::vector<T>> columns_;  // per chunk
};

}  // namespace

template <typename T>
std::unique_ptr<ConvolutionOp<T>> convolution(const ConvolutionGeometry& geometry) {
  return std::make_unique<Convolution<T>>(geometry);
}

template std::unique_ptr<ConvolutionOp<float>> convolution(const ConvolutionGeometry&);
template std::unique_ptr<ConvolutionOp<double>> convolution(const ConvolutionGeometry&);

}  // namespace reference
}  // namespace caffe
