// Softmax over one axis, for the layers that need it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace caffe {

// x and y: (outer, classes, inner) in plain order, may be equal.
// y = exp(x - max x) / sum of exp(x - max x) over the classes.
template <typename T>
void softmax(int64_t outer, int64_t classes, int64_t inner, const T* x, T* y) {
  if (classes == 0) return;
  constexpr int64_t kBlock = 64;  // neighbours along `inner` are done together
  const int64_t blocks = (inner + kBlock - 1) / kBlock;
#pragma omp parallel for collapse(2) schedule(static) if (outer * classes * inner > 16384)
  for (int64_t n = 0; n < outer; ++n) {
    for (int64_t block = 0; block < blocks; ++block) {
      const int64_t width = std::min(kBlock, inner - block * kBlock);
      const int64_t base = n * classes * inner + block * kBlock;
      T peak[kBlock], sum[kBlock];
      std::copy_n(x + base, width, peak);
      std::fill_n(sum, width, T(0));
      for (int64_t c = 1; c < classes; ++c) {
        const T* row = x + base + c * inner;
        for (int64_t i = 0; i < width; ++i) peak[i] = std::max(peak[i], row[i]);
      }
      for (int64_t c = 0; c < classes; ++c) {
        const T* row = x + base + c * inner;
        T* out = y + base + c * inner;
        for (int64_t i = 0; i < width; ++i) {
          out[i] = std::exp(row[i] - peak[i]);
          sum[i] += out[i];
        }
      }
      for (int64_t c = 0; c < classes; ++c) {
        T* out = y + base + c * inner;
        for (int64_t i = 0; i < width; ++i) out[i] /= sum[i];
      }
    }
  }
}

}  // namespace caffe
