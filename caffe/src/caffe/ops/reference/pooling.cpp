#include <algorithm>
#include <limits>
#include <vector>

#include "caffe/ops/reference/reference_ops.hpp"

namespace caffe {
namespace reference {

namespace {

// One axis of a window: [begin, end) inside the image, and its extent with padding, which
// is what averages are divided by.
struct Span {
  int64_t begin, end, padded;
};

Span span(const PoolingGeometry& g, int axis, int64_t o) {
  const int64_t start = o * g.stride[axis] - g.pad[axis];
  const int64_t padded_end = std::min(start + g.kernel[axis], g.in[axis] + g.pad[axis]);
  return {std::max<int64_t>(start, 0), std::min(padded_end, g.in[axis]), padded_end - start};
}

template <typename T>
class Pooling : public PoolingOp<T> {
 public:
  explicit Pooling(const PoolingGeometry& geometry)
      : g_(geometry),
        planes_(g_.batch * g_.channels),
        in_plane_(g_.in[0] * g_.in[1]),
        out_plane_(g_.out[0] * g_.out[1]) {}

 protected:
  // body(plane, o, rows, columns) for every output o of every plane, in row-major order.
  template <typename Body>
  void for_each_window(const Body& body) const {
#pragma omp parallel for schedule(static)
    for (int64_t plane = 0; plane < planes_; ++plane) {
      for (int64_t o = 0; o < out_plane_; ++o) {
        body(plane, o, span(g_, 0, o / g_.out[1]), span(g_, 1, o % g_.out[1]));
      }
    }
  }

  const PoolingGeometry g_;
  const int64_t planes_, in_plane_, out_plane_;
};

// The first greatest value in row-major order wins. A window that lies outside the image,
// which rounding up can make, holds the lowest value and position -1.
template <typename T>
class MaxPooling : public Pooling<T> {
 public:
  explicit MaxPooling(const PoolingGeometry& geometry)
      : Pooling<T>(geometry), positions_(this->planes_ * this->out_plane_) {}

  void forward(Storage<T>& x, Storage<T>& y, Storage<T>* mask) override {
    const T* input = x.read();
    T* output = y.write();
    this->for_each_window([&](int64_t plane, int64_t o, const Span& rows, const Span& columns) {
      const T* values = input + plane * this->in_plane_;
      T best = -std::numeric_limits<float>::max();
      int64_t position = -1;
      for (int64_t h = rows.begin; h < rows.end; ++h) {
        for (int64_t w = columns.begin; w < columns.end; ++w) {
          const int64_t i = h * this->g_.in[1] + w;
          if (values[i] > best) {
            best = values[i];
            position = i;
          }
        }
      }
      output[plane * this->out_plane_ + o] = best;
      positions_[plane * this->out_plane_ + o] = position;
    });
    y.written();
    if (mask) {
      std::transform(positions_.begin(), positions_.end(), mask->write(),
                     [](int64_t position) { return static_cast<T>(position); });
      mask->written();
    }
  }

  void backward(Storage<T>& dy, Storage<T>& dx) override {
    const T* top_diff = dy.read();
    T* bottom_diff = dx.write();
    std::fill_n(bottom_diff, this->planes_ * this->in_plane_, T(0));
    this->for_each_window([&](int64_t plane, int64_t o, const Span&, const Span&) {
      const int64_t i = plane * this->out_plane_ + o;
      if (positions_[i] < 0) return;
      bottom_diff[plane * this->in_plane_ + positions_[i]] += top_diff[i];
    });
    dx.written();
  }

 private:
  std::vector<int64_t> positions_;
};

// Padding counts in the divisor as far as it reaches no further than `pad`. A window that
// lies outside the image averages to 0.
template <typename T>
class AveragePooling : public Pooling<T> {
 public:
  using Pooling<T>::Pooling;

  void forward(Storage<T>& x, Storage<T>& y, Storage<T>*) override {
    const T* input = x.read();
    T* output = y.write();
    this->for_each_window([&](int64_t plane, int64_t o, const Span& rows, const Span& columns) {
      const T* values = input + plane * this->in_plane_;
      T sum = 0;
      for (int64_t h = rows.begin; h < rows.end; ++h) {
        for (int64_t w = columns.begin; w < columns.end; ++w) sum += values[h * this->g_.in[1] + w];
      }
      output[plane * this->out_plane_ + o] =
          sum / static_cast<T>(std::max<int64_t>(rows.padded * columns.padded, 1));
    });
    y.written();
  }

  void backward(Storage<T>& dy, Storage<T>& dx) override {
    const T* top_diff = dy.read();
    T* bottom_diff = dx.write();
    std::fill_n(bottom_diff, this->planes_ * this->in_plane_, T(0));
    this->for_each_window([&](int64_t plane, int64_t o, const Span& rows, const Span& columns) {
      T* diffs = bottom_diff + plane * this->in_plane_;
      const T part = top_diff[plane * this->out_plane_ + o] /
                     static_cast<T>(std::max<int64_t>(rows.padded * columns.padded, 1));
      for (int64_t h = rows.begin; h < rows.end; ++h) {
        for (int64_t w = columns.begin; w < columns.end; ++w) diffs[h * this->g_.in[1] + w] += part;
      }
    });
    dx.written();
  }
};

}  // namespace

template <typename T>
std::unique_ptr<PoolingOp<T>> pooling(const PoolingGeometry& geometry) {
  if (geometry.method == PoolingGeometry::Method::kMax) {
    return std::make_unique<MaxPooling<T>>(geometry);
  }
  return std::make_unique<AveragePooling<T>>(geometry);
}

template std::unique_ptr<PoolingOp<float>> pooling(const PoolingGeometry&);
template std::unique_ptr<PoolingOp<double>> pooling(const PoolingGeometry&);

}  // namespace reference
}  // namespace caffe
