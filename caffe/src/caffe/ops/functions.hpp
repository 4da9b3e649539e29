// Functions of arrays: in single precision in vector code (caffe/ops/simd/functions.hpp), in double
// precision, which is for tests of gradients, those of the C library.
//
// y[i] = f(x[i]) for `count` values; y may be x.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "caffe/ops/simd/functions.hpp"

namespace caffe {

inline void array_exp(const float* x, int64_t count, float* y) {
  simd::functions().exp(x, count, y);
}
inline void array_exp(const double* x, int64_t count, double* y) {
  std::transform(x, x + count, y, [](double v) { return std::exp(v); });
}

// exp(x) - 1
inline void array_expm1(const float* x, int64_t count, float* y) {
  simd::functions().expm1(x, count, y);
}
inline void array_expm1(const double* x, int64_t count, double* y) {
  std::transform(x, x + count, y, [](double v) { return std::expm1(v); });
}

inline void array_log(const float* x, int64_t count, float* y) {
  simd::functions().log(x, count, y);
}
inline void array_log(const double* x, int64_t count, double* y) {
  std::transform(x, x + count, y, [](double v) { return std::log(v); });
}

// log(1 + x)
inline void array_log1p(const float* x, int64_t count, float* y) {
  simd::functions().log1p(x, count, y);
}
inline void array_log1p(const double* x, int64_t count, double* y) {
  std::transform(x, x + count, y, [](double v) { return std::log1p(v); });
}

inline void array_tanh(const float* x, int64_t count, float* y) {
  simd::functions().tanh(x, count, y);
}
inline void array_tanh(const double* x, int64_t count, double* y) {
  std::transform(x, x + count, y, [](double v) { return std::tanh(v); });
}

// 1 / (1 + exp(-x))
inline void array_sigmoid(const float* x, int64_t count, float* y) {
  simd::functions().sigmoid(x, count, y);
}
inline void array_sigmoid(const double* x, int64_t count, double* y) {
  // In the form that cannot overflow.
  std::transform(x, x + count, y, [](double v) { return 0.5 * std::tanh(0.5 * v) + 0.5; });
}

// x^exponent
inline void array_pow(const float* x, float exponent, int64_t count, float* y) {
  if (std::isfinite(exponent)) {
    simd::functions().pow(x, exponent, count, y);
  } else {
    std::transform(x, x + count, y, [=](float v) { return std::pow(v, exponent); });
  }
}
inline void array_pow(const double* x, double exponent, int64_t count, double* y) {
  std::transform(x, x + count, y, [=](double v) { return std::pow(v, exponent); });
}

// body(first, n) for blocks of `count` values: what steps of a computation hand to each other fits
// an array of kArrayBlock on the stack and stays in the first cache.
constexpr int64_t kArrayBlock = 512;
template <typename Body>
void for_array_blocks(int64_t count, const Body& body) {
  for (int64_t first = 0; first < count; first += kArrayBlock) {
    body(first, std::min(kArrayBlock, count - first));
  }
}

}  // namespace caffe
