// Softmax over one axis, for the layers that need it.
#pragma once

#include <algorithm>
#include <cstdint>

#include "caffe/layers/position_blocks.hpp"
#include "caffe/ops/functions.hpp"

namespace caffe {

// Of one position, whose classes are neighbours.
template <typename T>
void softmax_row(int64_t classes, const T* x, T* y) {
  T peak = x[0], sum = 0;
#pragma omp simd reduction(max : peak)
  for (int64_t c = 1; c < classes; ++c) peak = peak < x[c] ? x[c] : peak;
  for_array_blocks(classes, [=, &sum](int64_t first, int64_t n) {
    T* out = y + first;
#pragma omp simd
    for (int64_t c = 0; c < n; ++c) out[c] = x[first + c] - peak;
    array_exp(out, n, out);
    T part = 0;
#pragma omp simd reduction(+ : part)
    for (int64_t c = 0; c < n; ++c) part += out[c];
    sum += part;
  });
#pragma omp simd
  for (int64_t c = 0; c < classes; ++c) y[c] /= sum;
}

// Of `width` neighbours along `inner`, which are done together.
template <typename T>
void softmax_block(int64_t classes, int64_t inner, int64_t width, const T* x, T* y) {
  T peak[kPositionBlock], sum[kPositionBlock];
  std::copy_n(x, width, peak);
  std::fill_n(sum, width, T(0));
  for (int64_t c = 1; c < classes; ++c) {
    const T* row = x + c * inner;
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) peak[i] = peak[i] < row[i] ? row[i] : peak[i];
  }
  for (int64_t c = 0; c < classes; ++c) {
    const T* row = x + c * inner;
    T* out = y + c * inner;
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) out[i] = row[i] - peak[i];
    array_exp(out, width, out);
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) sum[i] += out[i];
  }
  for (int64_t c = 0; c < classes; ++c) {
    T* out = y + c * inner;
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) out[i] /= sum[i];
  }
}

// x and y: (outer, classes, inner) in plain order, may be equal.
// y = exp(x - max x) / sum of exp(x - max x) over the classes.
template <typename T>
void softmax(int64_t outer, int64_t classes, int64_t inner, const T* x, T* y) {
  if (classes == 0) return;
  for_position_blocks(outer, classes, inner, [=](const PositionBlock& block) {
    if (inner == 1) {
      softmax_row(classes, x + block.element, y + block.element);
    } else {
      softmax_block(classes, inner, block.width, x + block.element, y + block.element);
    }
  });
}

}  // namespace caffe
