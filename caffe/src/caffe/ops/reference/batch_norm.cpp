#include <algorithm>
#include <cmath>
#include <vector>

#include "caffe/ops/channel_blocks.hpp"
#include "caffe/ops/reference/reference_ops.hpp"

namespace caffe {
namespace reference {

namespace {

// Statistics of some values of one channel; more can be added.
struct Moments {
  double count = 0, mean = 0, squares = 0;  // squares: of the distances from the mean

  void add(const Moments& more) {
    if (more.count == 0) return;
    const double sum = count + more.count, distance = more.mean - mean;
    squares += more.squares + distance * distance * count * more.count / sum;
    mean += distance * more.count / sum;
    count = sum;
  }
};

// In plain order or in blocks of channels.
template <typename T>
class BatchNorm : public BatchNormOp<T> {
 public:
  BatchNorm(const BatchNormGeometry& geometry, const FormatPtr& bottom)
      : g_(geometry), format_(channel_block(bottom) > 0 ? bottom : nullptr) {
    shape_ = {g_.batch, g_.channels, product(g_.spatial), channel_block(format_)};
  }

  FormatPtr format() const override { return format_; }

  void forward(Storage<T>& in, BatchNormArrays<T>* arrays, Storage<T>& out) override {
    const T* x = in.read(format_);
    if (!g_.global) take_statistics(x, arrays);
    const Padded a = padded(*arrays);
    T* y = out.write(format_);
    const bool relu = g_.relu;
    shape_.for_all<T>([=, &a](auto place) {
      auto value =
          normalised(place, x, a) * place.channel(a.scale.data()) + place.channel(a.shift.data());
      if (relu) value = value < decltype(value){} ? decltype(value){} : value;
      place.set(y, value);
    });
    out.written(format_);
  }

  void backward(Storage<T>& in, Storage<T>& out, Storage<T>& out_diff, BatchNormArrays<T>* arrays,
                Storage<T>& in_diff) override {
    const T *x = in.read(format_), *y = g_.relu ? out.read(format_) : nullptr;
    const T* dy = out_diff.read(format_);
    const Padded a = padded(*arrays);
    const auto gradient = [=](auto place) {
      auto value = place(dy);
      if (y != nullptr) value = place(y) > decltype(value){} ? value : decltype(value){};
      return value;
    };
    const auto sums = shape_.sums<T>(
        gradient, [&](auto place) { return gradient(place) * normalised(place, x, a); });
    if (g_.scale) {
      arrays->shift_diff.assign(sums[0].begin(), sums[0].begin() + g_.channels);
      arrays->scale_diff.assign(sums[1].begin(), sums[1].begin() + g_.channels);
    }
    // Given statistics do not depend on x.
    const double per_value = g_.global ? 0 : 1 / values_per_channel();
    const std::vector<T> means = times(sums[0], per_value), products = times(sums[1], per_value);
    T* dx = in_diff.write(format_);
    shape_.for_all<T>([=, &a, mean = means.data(), product = products.data()](auto place) {
      const auto centred =
          gradient(place) - place.channel(mean) - normalised(place, x, a) * place.channel(product);
      place.set(dx, centred * place.channel(a.factor.data()) * place.channel(a.scale.data()));
    });
    in_diff.written(format_);
  }

 private:
  // As long as the channels that memory holds; factor: 1 / sqrt(variance + eps).
  struct Padded {
    std::vector<T> mean, factor, scale, shift;
  };

  template <typename Place>
  static auto normalised(const Place& place, const T* x, const Padded& a) {
    return (place(x) - place.channel(a.mean.data())) * place.channel(a.factor.data());
  }

  double values_per_channel() const { return static_cast<double>(shape_.items * shape_.pixels); }

  static std::vector<T> times(const std::vector<double>& sums, double factor) {
    std::vector<T> products;
    for (const double sum : sums) products.push_back(static_cast<T>(sum * factor));
    return products;
  }

  Padded padded(const BatchNormArrays<T>& arrays) const {
    Padded a{padded_channels(shape_, arrays.mean.data()), std::vector<T>(shape_.padded()),
             padded_channels(shape_, arrays.scale.data()),
             padded_channels(shape_, arrays.shift.data())};
    for (int64_t c = 0; c < g_.channels; ++c) {
      a.factor[c] = static_cast<T>(1 / std::sqrt(static_cast<double>(arrays.variance[c]) + g_.eps));
    }
    return a;
  }

  void take_statistics(const T* x, BatchNormArrays<T>* arrays) const {
    const std::vector<Moments> rows = row_moments(x);
    for (int64_t c = 0; c < g_.channels; ++c) {
      Moments all;
      for (int64_t n = 0; n < shape_.items; ++n) all.add(rows[n * shape_.padded() + c]);
      arrays->mean[c] = static_cast<T>(all.mean);
      arrays->variance[c] = static_cast<T>(all.squares / values_per_channel());
    }
  }

  // Of every channel of every item. Spans are small enough to be read twice from the cache: for
  // their means, then for the distances from these, which sums of squares would round away.
  std::vector<Moments> row_moments(const T* x) const {
    std::vector<Moments> moments(shape_.items * shape_.padded());
    shape_.for_rows([&](int64_t row) {
      std::vector<double> sums(shape_.block), squares(shape_.block);
      std::vector<T> means(shape_.block);
      shape_.for_spans(row, [&](ChannelBlocks::Span span) {
        span.channel = 0;  // of the arrays here
        std::fill(sums.begin(), sums.end(), 0);
        std::fill(squares.begin(), squares.end(), 0);
        const double n = static_cast<double>(span.pixels);
        shape_.template add<T>(span, [=](auto place) { return place(x); }, sums.data());
        for (int64_t c = 0; c < shape_.block; ++c) means[c] = static_cast<T>(sums[c] / n);
        const auto square = [=, means = means.data()](auto place) {
          const auto distance = place(x) - place.channel(means);
          return distance * distance;
        };
        shape_.template add<T>(span, square, squares.data());
        for (int64_t c = 0; c < shape_.block; ++c) {
          const double mean = sums[c] / n, rounded = mean - static_cast<double>(means[c]);
          moments[row * shape_.block + c].add({n, mean, squares[c] - n * rounded * rounded});
        }
      });
    });
    return moments;
  }

  const BatchNormGeometry g_;
  const FormatPtr format_;
  ChannelBlocks shape_;
};

}  // namespace

template <typename T>
std::unique_ptr<BatchNormOp<T>> batch_norm(const BatchNormGeometry& geometry,
                                           const FormatPtr& bottom) {
  return std::make_unique<BatchNorm<T>>(geometry, bottom);
}

template std::unique_ptr<BatchNormOp<float>> batch_norm(const BatchNormGeometry&, const FormatPtr&);
template std::unique_ptr<BatchNormOp<double>> batch_norm(const BatchNormGeometry&,
                                                         const FormatPtr&);

}  // namespace reference
}  // namespace caffe
