// s^-beta for vectors, given s and 1/s. See lrn_kernel.hpp for what may be called here.
//
// Simd is: Vector of kWidth floats, Ints of as many int32_t; root(v), the square roots;
// within(v, low, high), whether all are.
#pragma once

#include <cstdint>

namespace caffe::simd {

// beta = 0.75.
template <typename Simd>
struct MinusThreeQuarters {
  using Vector = typename Simd::Vector;

  Vector operator()(Vector /*s*/, Vector inverse) const {
    const Vector root = Simd::root(inverse);
    return root * Simd::root(root);
  }
};

// Any beta up to 1000: 2^(-beta * log2(s)), to about 2 units in the last place.
template <typename Simd>
class MinusPower {
  using Vector = typename Simd::Vector;
  using Ints = typename Simd::Ints;

 public:
  explicit MinusPower(double beta) : exponent_(static_cast<float>(-beta)) {
    // Its product with the exponent of a float is exact: it has 12 bits, exponents have 8.
    uint32_t bits;
    __builtin_memcpy(&bits, &exponent_, sizeof(bits));
    bits &= 0xFFFFF000u;
    __builtin_memcpy(&high_, &bits, sizeof(bits));
    low_ = static_cast<float>(-beta - static_cast<double>(high_));
  }

  Vector operator()(Vector s, Vector /*inverse*/) const {
    if (Simd::within(s, 1e-30f, 1e30f)) return of_common(s);
    Vector power;
    for (int k = 0; k < Simd::kWidth; ++k) power[k] = __builtin_powf(s[k], exponent_);
    return power;
  }

 private:
  Vector of_common(Vector s) const {
    // s = 2^e * m, m in [sqrt(1/2), sqrt(2)).
    const Ints bits = reinterpret_cast<Ints>(s);
    const Ints e = (bits - 0x3F3504F3) >> 23;
    const Vector m = reinterpret_cast<Vector>(bits - (e << 23));
    const Vector exponent = __builtin_convertvector(e, Vector), log = log2(m);
    // The whole part of the result's exponent is taken off before anything is rounded.
    constexpr float kRound = 12582912;  // 1.5 * 2^23: what it is added to becomes whole
    Vector whole = (high_ * exponent + exponent_ * log + kRound) - kRound;
    const Vector part = (high_ * exponent - whole) + (low_ * exponent + exponent_ * log);
    // Beyond this the result is 0 or infinite. In two factors, for one might not be normal.
    whole = whole < -252.0f ? Vector{} - 252.0f : whole;
    whole = whole > 254.0f ? Vector{} + 254.0f : whole;
    const Ints n = __builtin_convertvector(whole, Ints), half = n >> 1;
    return exp2(part) * power_of_2(half) * power_of_2(n - half);
  }

  static Vector power_of_2(Ints n) { return reinterpret_cast<Vector>((n + 127) << 23); }

  // 2 / ln(2) * artanh(z), whose series gains 5 bits with each term.
  static Vector log2(Vector m) {
    const Vector z = (m - 1.0f) / (m + 1.0f), z2 = z * z;
    Vector sum = 2.0f / 9 * kLog2E + 2.0f / 11 * kLog2E * z2;
    sum = 2.0f / 7 * kLog2E + sum * z2;
    sum = 2.0f / 5 * kLog2E + sum * z2;
    sum = 2.0f / 3 * kLog2E + sum * z2;
    return z * (2.0f * kLog2E + sum * z2);
  }

  // The exponential series; |x| is hardly above 1/2.
  static Vector exp2(Vector x) {
    const Vector t = x * 0.693147181f;
    Vector sum = 1.0f / 720 + 1.0f / 5040 * t;
    sum = 1.0f / 120 + sum * t;
    sum = 1.0f / 24 + sum * t;
    sum = 1.0f / 6 + sum * t;
    sum = 0.5f + sum * t;
    return 1.0f + (t + t * t * sum);
  }

  static constexpr float kLog2E = 1.44269504f;
  float exponent_, high_, low_;
};

}  // namespace caffe::simd
