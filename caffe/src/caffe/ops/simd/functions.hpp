// Functions of single-precision arrays in vector code, to about 2 units in the last place of what
// libm has; NaN, infinities and values that are not normal give what they give there.
// caffe/ops/functions.hpp is for those who have both precisions.
#pragma once

#include <cstdint>

#include "caffe/ops/simd/isa.hpp"

namespace caffe::simd {

// y[i] = f(x[i]) for `count` values; y may be x. A result depends on its own x alone, not on where
// in the array it stands.
struct Functions {
  using Function = void (*)(const float* x, int64_t count, float* y);
  Function exp, expm1, log, log1p, tanh, sigmoid;
  // exponent: finite.
  void (*pow)(const float* x, float exponent, int64_t count, float* y);
};

const Functions& functions_on(Isa isa);
// On what this CPU has.
const Functions& functions();

}  // namespace caffe::simd
