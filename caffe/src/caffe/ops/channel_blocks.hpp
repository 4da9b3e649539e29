// Values of a blob channel by channel, in plain order or in blocks of channels (see Format).
//
// Layers that do the same to all elements of a channel (BatchNorm, Scale, Bias, PReLU) tell it
// once, as a function of a place:
//   place(x)            the values of x there
//   place.channel(s)    the values of s, an array over channels, for the channels of the place
//   place.set(y, v)     writes v there
// A place is one element or four neighbours in a vector; arithmetic looks the same for both.
#pragma once

#include <algorithm>
#include <cstring>
#include <vector>

#include "caffe/blob.hpp"

namespace caffe {

// One element.
template <typename T>
struct OnePlace {
  int64_t element, of_channel;

  T operator()(const T* values) const { return values[element]; }
  T channel(const T* values) const { return values[of_channel]; }
  void set(T* values, T value) const { values[element] = value; }
};

// Neighbours that fill a vector register: of one channel (plain order) or of as many channels.
template <typename T, bool kOneChannel>
struct Places {
  static constexpr int kWidth = 16 / sizeof(T);
  typedef T Vector __attribute__((vector_size(16)));

  int64_t element, of_channel;

  Vector operator()(const T* values) const { return load(values + element); }
  Vector channel(const T* values) const {
    if (!kOneChannel) return load(values + of_channel);
    Vector v;
    for (int i = 0; i < kWidth; ++i) v[i] = values[of_channel];
    return v;
  }
  void set(T* values, Vector v) const { std::memcpy(values + element, &v, sizeof(v)); }

 private:
  static Vector load(const T* from) {
    Vector v;
    std::memcpy(&v, from, sizeof(v));
    return v;
  }
};

// How memory holds the values: items, blocks of channels, pixels, channels of a block. The last
// block is filled up with zeros, and arrays over channels are, too: they have padded() elements.
struct ChannelBlocks {
  int64_t items = 1, channels = 1, pixels = 1, block = 1;

  int64_t padded() const { return (channels + block - 1) / block * block; }
  int64_t size() const { return items * padded() * pixels; }

  // body(place) for all elements, in parallel. The body must not read what it sets elsewhere.
  template <typename T, typename Body>
  void for_all(const Body& body) const {
    const int64_t spans = spans_of_row(), all = rows() * spans;
#pragma omp parallel for schedule(static) if (size() > 16384)
    for (int64_t i = 0; i < all; ++i) visit<T>(span(i / spans, i % spans), body);
  }

  // Sums of each term(place) over every channel: result[k] has padded() sums of term k. Vectors
  // add up no more than a span, the rest is done in double precision.
  template <typename T, typename... Term>
  std::vector<std::vector<double>> sums(const Term&... term) const {
    std::vector<std::vector<double>> total(sizeof...(term), std::vector<double>(padded()));
    std::vector<double> partial(sizeof...(term) * items * padded());  // of rows
    for_rows([&](int64_t row) {
      for_spans(row, [&](Span span) {
        double* sum = partial.data() + row * block;
        ((add<T>(span, term, sum), sum += items * padded()), ...);
      });
    });
    for (size_t k = 0; k < total.size(); ++k) {
      for (int64_t i = 0; i < items * padded(); ++i) {
        total[k][i % padded()] += partial[k * items * padded() + i];
      }
    }
    return total;
  }

  // Neighbouring elements from `first` on: `pixels` of a block that starts with `channel`.
  struct Span {
    int64_t first, pixels, channel;
  };

  // A row is a block of channels of one item.
  template <typename Body>
  void for_rows(const Body& body) const {
#pragma omp parallel for schedule(static) if (size() > 16384)
    for (int64_t row = 0; row < rows(); ++row) body(row);
  }

  template <typename Body>
  void for_spans(int64_t row, const Body& body) const {
    for (int64_t i = 0; i < spans_of_row(); ++i) body(span(row, i));
  }

  // Adds term(place) over the span to sums[0, block).
  template <typename T, typename Term>
  void add(Span span, const Term& term, double* sums) const {
    constexpr int64_t kWidth = Places<T, false>::kWidth;
    if (block == 1) {
      add_one_channel<T>(span, term, sums);
      return;
    }
    int64_t c = 0;
    for (; c + 16 <= block; c += 16) add_channels<T, 16>(span, c, term, sums + c);
    for (; c + kWidth <= block; c += kWidth) add_channels<T, kWidth>(span, c, term, sums + c);
    for (; c < block; ++c) {
      for (int64_t p = 0; p < span.pixels; ++p) {
        const OnePlace<T> place{span.first + p * block + c, span.channel + c};
        sums[c] += static_cast<double>(term(place));
      }
    }
  }

 private:
  // Elements of a span; several arrays of them fit the first cache.
  static constexpr int64_t kSpan = 4096;

  int64_t rows() const { return items * padded() / block; }
  int64_t pixels_of_span() const { return std::max<int64_t>(kSpan / block, 1); }
  int64_t spans_of_row() const { return (pixels + pixels_of_span() - 1) / pixels_of_span(); }
  Span span(int64_t row, int64_t i) const {
    const int64_t first = i * pixels_of_span();
    return {(row * pixels + first) * block, std::min(pixels_of_span(), pixels - first),
            row * block % padded()};
  }

  template <typename T, typename Body>
  void visit(Span span, const Body& body) const {
    const int64_t last = span.first + span.pixels * block;
    if (block == 1) {
      using Place = Places<T, true>;
      int64_t i = span.first;
      for (; i + Place::kWidth <= last; i += Place::kWidth) body(Place{i, span.channel});
      for (; i < last; ++i) body(OnePlace<T>{i, span.channel});
      return;
    }
    using Place = Places<T, false>;
    for (int64_t i = span.first; i < last; i += block) {
      int64_t c = 0;
      for (; c + Place::kWidth <= block; c += Place::kWidth) body(Place{i + c, span.channel + c});
      for (; c < block; ++c) body(OnePlace<T>{i + c, span.channel + c});
    }
  }

  // Of the channels [first, first + kChannels) of the block.
  template <typename T, int64_t kChannels, typename Term>
  void add_channels(Span span, int64_t first, const Term& term, double* sums) const {
    using Place = Places<T, false>;
    constexpr int64_t kVectors = kChannels / Place::kWidth;
    typename Place::Vector sum[kVectors] = {};
    for (int64_t p = 0; p < span.pixels; ++p) {
      const int64_t element = span.first + p * block + first;
      for (int64_t v = 0; v < kVectors; ++v) {
        const int64_t c = v * Place::kWidth;
        sum[v] += term(Place{element + c, span.channel + first + c});
      }
    }
    for (int64_t c = 0; c < kChannels; ++c) {
      sums[c] += static_cast<double>(sum[c / Place::kWidth][c % Place::kWidth]);
    }
  }

  template <typename T, typename Term>
  void add_one_channel(Span span, const Term& term, double* sums) const {
    using Place = Places<T, true>;
    constexpr int64_t kVectors = 4;
    typename Place::Vector sum[kVectors] = {};
    const int64_t last = span.first + span.pixels;
    int64_t i = span.first;
    for (; i + kVectors * Place::kWidth <= last; i += kVectors * Place::kWidth) {
      for (int64_t v = 0; v < kVectors; ++v) {
        sum[v] += term(Place{i + v * Place::kWidth, span.channel});
      }
    }
    for (const auto& vector : sum) {
      for (int k = 0; k < Place::kWidth; ++k) *sums += static_cast<double>(vector[k]);
    }
    for (; i < last; ++i) *sums += static_cast<double>(term(OnePlace<T>{i, span.channel}));
  }
};

// The blob's format if it has blocks of channels, else plain order.
template <typename T>
FormatPtr channel_format(const Blob<T>& blob) {
  return channel_block(blob.format()) > 0 ? blob.format() : nullptr;
}

// An array over channels, filled up with zeros to the length of ChannelBlocks::padded().
template <typename T>
std::vector<T> padded_channels(const ChannelBlocks& shape, const T* values) {
  std::vector<T> padded(shape.padded());
  std::copy_n(values, shape.channels, padded.begin());
  return padded;
}

}  // namespace caffe
