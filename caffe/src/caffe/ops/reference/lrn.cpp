#include <algorithm>
#include <cmath>
#include <vector>

#include "caffe/ops/reference/reference_ops.hpp"

namespace caffe {
namespace reference {

namespace {

// y = x * s^-beta, s = bias + coefficient * (sum of x^2 over the element's window), so
// dx = dy * s^-beta - 2 * coefficient * beta * x * (sum of dy*x*s^(-beta-1) over it).
// Modes differ in the window alone, which subclasses sum over.
template <typename T>
class Lrn : public LrnOp<T> {
 public:
  Lrn(const LrnGeometry& geometry, double coefficient, double bias)
      : g_(geometry),
        plane_(g_.height * g_.width),
        count_(g_.batch * g_.channels * plane_),
        coefficient_(static_cast<T>(coefficient)),
        bias_(static_cast<T>(bias)),
        scale_(count_),
        terms_(count_),
        sums_(count_) {}

  void forward(Storage<T>& x, Storage<T>& y) override {
    const T* input = x.read();
    for (int64_t i = 0; i < count_; ++i) terms_[i] = input[i] * input[i];
    sum_windows(terms_.data(), sums_.data());
    T* output = y.write();
    const T exponent = static_cast<T>(-g_.beta);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < count_; ++i) {
      scale_[i] = bias_ + coefficient_ * sums_[i];
      output[i] = input[i] * std::pow(scale_[i], exponent);
    }
    y.written();
  }

  void backward(Storage<T>& x, Storage<T>& /*y*/, Storage<T>& dy, Storage<T>& dx) override {
    const T* input = x.read();
    const T* top_diff = dy.read();
    const T exponent = static_cast<T>(-g_.beta);
    std::vector<T> powers(count_);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < count_; ++i) {
      powers[i] = std::pow(scale_[i], exponent);
      terms_[i] = top_diff[i] * input[i] * powers[i] / scale_[i];
    }
    sum_windows(terms_.data(), sums_.data());
    T* bottom_diff = dx.write();
    const T factor = 2 * coefficient_ * static_cast<T>(g_.beta);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < count_; ++i) {
      bottom_diff[i] = top_diff[i] * powers[i] - factor * input[i] * sums_[i];
    }
    dx.written();
  }

 protected:
  virtual void sum_windows(const T* terms, T* sums) const = 0;

  // out[c] = sum of in[j] over j within size/2 of c, for `lines` of `length` elements that
  // lie `step` apart; `step` lines lie side by side.
  void sum_along(const T* in, T* out, int64_t lines, int64_t length, int64_t step) const {
    const int64_t reach = (g_.size - 1) / 2;
#pragma omp parallel for schedule(static)
    for (int64_t line = 0; line < lines; ++line) {
      const int64_t base = line / step * step * length + line % step;
      for (int64_t c = 0; c < length; ++c) {
        const int64_t last = std::min(c + reach, length - 1);
        T sum = 0;
        for (int64_t j = std::max<int64_t>(c - reach, 0); j <= last; ++j)
          sum += in[base + j * step];
        out[base + c * step] = sum;
      }
    }
  }

  const LrnGeometry g_;
  const int64_t plane_, count_;

 private:
  const T coefficient_, bias_;
  std::vector<T> scale_, terms_, sums_;
};

template <typename T>
class LrnAcrossChannels : public Lrn<T> {
 public:
  explicit LrnAcrossChannels(const LrnGeometry& g)
      : Lrn<T>(g, g.alpha / static_cast<double>(g.size), g.k) {}

 protected:
  void sum_windows(const T* terms, T* sums) const override {
    this->sum_along(terms, sums, this->g_.batch * this->plane_, this->g_.channels, this->plane_);
  }
};

// The window's average divides by size^2 at borders too; k is fixed at 1.
template <typename T>
class LrnWithinChannel : public Lrn<T> {
 public:
  explicit LrnWithinChannel(const LrnGeometry& g)
      : Lrn<T>(g, g.alpha / std::pow(static_cast<double>(g.size), 2), 1), rows_(this->count_) {}

 protected:
  void sum_windows(const T* terms, T* sums) const override {
    const int64_t planes = this->g_.batch * this->g_.channels;
    this->sum_along(terms, rows_.data(), planes * this->g_.height, this->g_.width, 1);
    this->sum_along(rows_.data(), sums, planes * this->g_.width, this->g_.height, this->g_.width);
  }

 private:
  mutable std::vector<T> rows_;
};

}  // namespace

template <typename T>
std::unique_ptr<LrnOp<T>> lrn(const LrnGeometry& geometry) {
  if (geometry.within_channel) return std::make_unique<LrnWithinChannel<T>>(geometry);
  return std::make_unique<LrnAcrossChannels<T>>(geometry);
}

template std::unique_ptr<LrnOp<float>> lrn(const LrnGeometry&);
template std::unique_ptr<LrnOp<double>> lrn(const LrnGeometry&);

}  // namespace reference
}  // namespace caffe
