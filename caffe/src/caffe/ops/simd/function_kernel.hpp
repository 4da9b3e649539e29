// The functions of functions.hpp for any vector. See lrn_kernel.hpp for what may be called here.
//
// Simd is: Vector of kWidth floats, Ints of as many int32_t; if kWidth is more than 4 also Half, of
// half as many floats, and Doubles and Longs, of as many double and uint64_t.
#pragma once

#include <cstdint>

#include "caffe/ops/simd/functions.hpp"

namespace caffe::simd {

template <typename Simd>
struct FunctionKernel {
  using Vector = typename Simd::Vector;
  using Ints = typename Simd::Ints;

  static Vector exp(Vector x) {
    // Beyond these bounds the result is 0 or infinite. NaN becomes a bound, and is put back.
    const Reduced r = reduce(within(x, -104.0f, 89.0f));
    // In two factors, for one might not be normal.
    const Ints half = r.n >> 1;
    const Vector y = (1.0f + r.part) * power_of_2(half) * power_of_2(r.n - half);
    return x == x ? y : x;
  }

  static Vector expm1(Vector x) {
    const Reduced r = reduce(within(x, -20.0f, 89.0f));
    const Vector scale = power_of_2(r.n - 1);  // 2^128 is infinite
    const Vector y = 2.0f * (scale * r.part + (scale - 0.5f));
    const Ints itself = tiny(x) | (x != x);
    return itself ? x : y;
  }

  static Vector log(Vector x) {
    const auto small = x < kSmallestNormal;
    const Vector scaled = small ? x * 8388608.0f : x;
    const Vector y = log_of_normal(scaled, small ? Vector{} - 23.0f : Vector{}, Vector{});
    return log_special(x, x, y);
  }

  static Vector log1p(Vector x) {
    const Vector sum = 1.0f + x;
    // What was rounded away, as a part of the sum.
    const Vector lost = (x > 1.0f ? 1.0f - (sum - x) : x - (sum - 1.0f)) / sum;
    const Vector y = log_special(sum, x, log_of_normal(sum, Vector{}, lost));
    return tiny(x) ? x : y;
  }

  static Vector tanh(Vector x) {
    const Vector a = absolute(x), z = a * a;
    // The odd polynomial that is the best one up to 0.632, to 5e-9.
    Vector sum = 2.0602006e-2f - 5.6607888e-3f * z;
    sum = -5.3729229e-2f + sum * z;
    sum = 1.3331328e-1f + sum * z;
    sum = -3.3333278e-1f + sum * z;
    const Vector near = a + a * (z * sum);
    const Vector far = 1.0f - 2.0f / (1.0f + exp(a + a));
    return with_sign(a > 0.625f ? far : near, x);
  }

  // 1 / (1 + exp(-x))
  static Vector sigmoid(Vector x) {
    const Vector e = exp(-absolute(x));
    return (x < 0.0f ? e : Vector{} + 1.0f) / (1.0f + e);
  }

 private:
  static constexpr float kLog2E = 1.44269504f;
  // ln(2) in two parts; the first has 15 bits, so that its product with an exponent is exact.
  static constexpr float kLn2High = 0.693145752f, kLn2Low = 1.42860677e-6f;
  static constexpr float kRound = 12582912;  // 1.5 * 2^23: what it is added to becomes whole
  static constexpr float kSmallestNormal = 1.17549435e-38f;

  static Ints bits(Vector v) { return reinterpret_cast<Ints>(v); }
  static Vector value(Ints v) { return reinterpret_cast<Vector>(v); }
  static Vector absolute(Vector v) { return value(bits(v) & 0x7FFFFFFF); }
  static Vector with_sign(Vector size, Vector sign) {
    return value(bits(size) | (bits(sign) & INT32_MIN));
  }
  static Vector power_of_2(Ints n) { return value((n + 127) << 23); }
  static Vector within(Vector x, float low, float high) {
    const Vector above = x > low ? x : Vector{} + low;
    return above < high ? above : Vector{} + high;
  }
  // Where x is so small that f(x) is x for all odd functions with f'(0) = 1.
  static Ints tiny(Vector x) { return absolute(x) < 1e-18f; }

  // exp(x) = 2^n * (1 + part), part being small.
  struct Reduced {
    Ints n;
    Vector part;
  };
  static Reduced reduce(Vector x) {
    const Vector rounded = x * kLog2E + kRound, whole = rounded - kRound;
    const Vector t = (x - whole * kLn2High) - whole * kLn2Low;
    // The exponential series, for |t| is hardly above ln(2) / 2.
    Vector sum = 1.0f / 720 + 1.0f / 5040 * t;
    sum = 1.0f / 120 + sum * t;
    sum = 1.0f / 24 + sum * t;
    sum = 1.0f / 6 + sum * t;
    sum = 0.5f + sum * t;
    return {bits(rounded) - bits(Vector{} + kRound), t + t * t * sum};
  }

  // log(2^exponent * x) + lost for a normal x, and no overflow of integers for what has no
  // logarithm.
  static Vector log_of_normal(Vector x, Vector exponent, Vector lost) {
    x = x > 0.0f ? x : Vector{} + 1.0f;
    // x = 2^n * (1 + f), 1 + f in [sqrt(1/2), sqrt(2)).
    const Ints n = (bits(x) - 0x3F3504F3) >> 23;
    const Vector f = value(bits(x) - (n << 23)) - 1.0f;
    exponent += __builtin_convertvector(n, Vector);
    // log(1 + f) = 2 artanh(s), of whose series the first term is s * 2 = f - f^2/2 + s * f^2/2.
    const Vector s = f / (2.0f + f), s2 = s * s, half = 0.5f * f * f;
    Vector sum = 2.0f / 7 + 2.0f / 9 * s2;
    sum = 2.0f / 5 + sum * s2;
    sum = 2.0f / 3 + sum * s2;
    const Vector rest = s * (half + sum * s2) + (exponent * kLn2Low + lost);
    return exponent * kLn2High + (f - (half - rest));
  }

  // y, or what a logarithm is of a number x that has none; `argument` is NaN's.
  static Vector log_special(Vector x, Vector argument, Vector y) {
    const Vector infinity = Vector{} + __builtin_inff();
    y = x > 0.0f ? y : Vector{} + __builtin_nanf("");
    y = x == 0.0f ? -infinity : y;
    y = x == infinity ? infinity : y;
    return argument == argument ? y : argument;
  }
};

// x^p for a finite p that is not 0, in double precision: the logarithm counts p times.
template <typename Simd>
class PowerKernel {
  using Half = typename Simd::Half;
  using Doubles = typename Simd::Doubles;
  using Longs = typename Simd::Longs;

 public:
  explicit PowerKernel(float p) : p_(static_cast<double>(p)) {
    const bool large = p >= 16777216.0f || p <= -16777216.0f;  // those are whole and even
    const int32_t whole = large ? 0 : static_cast<int32_t>(p);
    whole_ = large || static_cast<float>(whole) == p;
    odd_ = (whole & 1) != 0;
  }

  Half operator()(Half x) const {
    const Doubles v = __builtin_convertvector(x, Doubles);
    const Doubles infinity = Doubles{} + __builtin_inf(), a = value(bits(v) & ~kSign);
    Doubles log = log2(a);
    log = a == 0.0 ? -infinity : log;
    log = a == infinity ? infinity : log;
    Doubles y = exp2(p_ * log);
    if (!whole_) {
      const auto none = (v < 0.0) & (v > -infinity);
      y = none ? Doubles{} + __builtin_nan("") : y;
    }
    if (odd_) y = value(bits(y) | (bits(v) & kSign));
    y = v == v ? y : v;
    return __builtin_convertvector(y, Half);
  }

 private:
  static constexpr uint64_t kSign = uint64_t{1} << 63;
  static constexpr uint64_t kOne = 0x3FF0000000000000, kRootHalf = 0x3FE6A09E667F3BCD;
  static constexpr double kLog2E = 1.4426950408889634;

  static Longs bits(Doubles v) { return reinterpret_cast<Longs>(v); }
  static Doubles value(Longs v) { return reinterpret_cast<Doubles>(v); }

  // Of a normal x.
  static Doubles log2(Doubles x) {
    // x = 2^n * m, m in [sqrt(1/2), sqrt(2)); n + 1023 is made a double as the end of 2^52 + n.
    const Longs u = bits(x) + (kOne - kRootHalf);
    const Doubles m = value((u & 0xFFFFFFFFFFFFF) + kRootHalf);
    const Doubles n = value((u >> 52) | 0x4330000000000000) - (4503599627370496.0 + 1023);
    // 2 / ln(2) * artanh(z), whose series gains 5 bits with each term.
    const Doubles z = (m - 1.0) / (m + 1.0), z2 = z * z;
    Doubles sum = 2.0 / 15 + 2.0 / 17 * z2;
    sum = 2.0 / 13 + sum * z2;
    sum = 2.0 / 11 + sum * z2;
    sum = 2.0 / 9 + sum * z2;
    sum = 2.0 / 7 + sum * z2;
    sum = 2.0 / 5 + sum * z2;
    sum = 2.0 / 3 + sum * z2;
    return n + z * (2.0 + sum * z2) * kLog2E;
  }

  static Doubles exp2(Doubles x) {
    // Beyond these bounds the result is 0 or infinite as a float.
    x = x > -160.0 ? x : Doubles{} - 160.0;
    x = x < 160.0 ? x : Doubles{} + 160.0;
    constexpr double kRound = 6755399441055744;  // 1.5 * 2^52: what it is added to becomes whole
    const Doubles rounded = x + kRound, t = (x - (rounded - kRound)) * (1 / kLog2E);
    Doubles sum = 1.0 / 40320 + 1.0 / 362880 * t;
    sum = 1.0 / 5040 + sum * t;
    sum = 1.0 / 720 + sum * t;
    sum = 1.0 / 120 + sum * t;
    sum = 1.0 / 24 + sum * t;
    sum = 1.0 / 6 + sum * t;
    sum = 0.5 + sum * t;
    const Longs n = bits(rounded) - bits(Doubles{} + kRound);
    return (1.0 + (t + t * t * sum)) * value((n + 1023) << 52);
  }

  double p_;
  bool whole_, odd_;
};

// y = f(x) for all values, in vectors of V; after the last whole one, in one filled up with zeros.
template <typename V, typename F>
void map_vectors(const F& f, const float* x, int64_t count, float* y) {
  constexpr int64_t kWidth = sizeof(V) / sizeof(float);
  int64_t i = 0;
  V v;
  for (; i + kWidth <= count; i += kWidth) {
    __builtin_memcpy(&v, x + i, sizeof(v));
    v = f(v);
    __builtin_memcpy(y + i, &v, sizeof(v));
  }
  if (i == count) return;
  v = V{};
  for (int64_t k = 0; k < count - i; ++k) v[k] = x[i + k];
  v = f(v);
  for (int64_t k = 0; k < count - i; ++k) y[i + k] = v[k];
}

template <typename Simd, typename Simd::Vector (*kFunction)(typename Simd::Vector)>
void map_function(const float* x, int64_t count, float* y) {
  using Vector = typename Simd::Vector;
  map_vectors<Vector>([](Vector v) { return kFunction(v); }, x, count, y);
}

template <typename Simd>
void map_power(const float* x, float exponent, int64_t count, float* y) {
  using Vector = typename Simd::Vector;
  if (exponent == 0.0f) {
    for (int64_t i = 0; i < count; ++i) y[i] = 1.0f;
  } else if (exponent == 1.0f) {
    map_vectors<Vector>([](Vector v) { return v; }, x, count, y);
  } else if (exponent == 2.0f) {
    map_vectors<Vector>([](Vector v) { return v * v; }, x, count, y);
  } else if (exponent == -1.0f) {
    map_vectors<Vector>([](Vector v) { return 1.0f / v; }, x, count, y);
  } else if constexpr (Simd::kWidth == 4) {  // two doubles at a time are slower than libm
    for (int64_t i = 0; i < count; ++i) y[i] = __builtin_powf(x[i], exponent);
  } else {
    map_vectors<typename Simd::Half>(PowerKernel<Simd>(exponent), x, count, y);
  }
}

template <typename Simd>
constexpr Functions function_table() {
  using Kernel = FunctionKernel<Simd>;
  return {map_function<Simd, Kernel::exp>,
          map_function<Simd, Kernel::expm1>,
          map_function<Simd, Kernel::log>,
          map_function<Simd, Kernel::log1p>,
          map_function<Simd, Kernel::tanh>,
          map_function<Simd, Kernel::sigmoid>,
          map_power<Simd>};
}

extern const Functions functions_baseline, functions_avx2, functions_avx512;

}  // namespace caffe::simd
