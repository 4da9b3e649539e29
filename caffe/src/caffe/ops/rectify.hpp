// max(x, 0), which ReLU computes, and layers and ops that do its work.
#pragma once

#include <cstdint>

namespace caffe {

// y[i] = max(x[i], 0) for `count` values; NaN stays. y may be x.
template <typename T>
void rectify(const T* x, int64_t count, T* y) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) y[i] = x[i] < T(0) ? T(0) : x[i];
}

// dx[i] = dy[i] where y[i] = max(x[i], 0) is positive, else 0. dx may be dy, which is read whatever
// y is: else the compiler would branch at every element.
template <typename T>
void rectify_gradient(const T* y, const T* dy, int64_t count, T* dx) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const T gradient = dy[i];
    dx[i] = y[i] > T(0) ? gradient : T(0);
  }
}

}  // namespace caffe
