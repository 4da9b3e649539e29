// LRN of one tile, for any vector. It is compiled for one instruction set after the other, each in
// a source of its own (lrn_avx2.cpp, ...), and therefore must call no inline function of other
// headers: the linker would keep one copy of such a function, for CPUs that may not run it.
#pragma once

#include "caffe/ops/simd/lrn_tiling.hpp"
#include "caffe/ops/simd/power.hpp"

namespace caffe::simd {

// y = x * s^-beta, s = bias + coefficient * (sum of x^2 over the element's window).
struct LrnNumbers {
  float coefficient, bias;
  double beta;
};

// A pass: forward if dy is null (out is y), else backward (out is dx). `arrays` are kLrnArrays, all
// zero where the pass has written nothing yet.
struct LrnCall {
  const LrnTiling* tiling;
  LrnNumbers numbers;
  const float *x, *dy;
  float *out, *arrays;
};
constexpr int kLrnArrays = 3;

// Does one tile.
using LrnKernel = void (*)(const LrnCall& call, const LrnTile& tile);
void lrn_baseline(const LrnCall& call, const LrnTile& tile);
void lrn_avx2(const LrnCall& call, const LrnTile& tile);
void lrn_avx512(const LrnCall& call, const LrnTile& tile);

// Simd: see power.hpp. Loops get copies of what they read: the compiler would think that they write
// over members.
template <typename Simd>
class LrnTileKernel {
  using Vector = typename Simd::Vector;
  using Axis = LrnTiling::Axis;

 public:
  LrnTileKernel(const LrnCall& call, const LrnTile& tile)
      : numbers_(call.numbers),
        tiling_(*call.tiling),
        tile_(tile),
        terms_(call.arrays + tiling_.margin),
        sums_(terms_ + tiling_.array_size),
        scaled_(sums_ + tiling_.array_size),
        x_(call.x + tile.first),
        dy_(call.dy ? call.dy + tile.first : nullptr),
        out_(call.out + tile.first) {}

  template <typename Power>
  void run(const Power& power) const {
    // Rows of a larger tile may stand where this one has none.
    if (tiling_.axes == 2) clear_behind();
    for_all([x = x_, terms = terms_](const Place& place) {
      const Vector v = read(x, place);
      set(terms + place.array, v * v);
    });
    if (dy_ == nullptr) {
      forward(power);
    } else {
      backward(power);
    }
  }

 private:
  // A vector's place: in the blob and in an array. At the end of a row only the first `count`
  // elements are of the tile; in the arrays zeros follow.
  struct Place {
    int64_t blob, array, count;
  };

  static Vector at(const float* from) {
    Vector v;
    __builtin_memcpy(&v, from, sizeof(v));
    return v;
  }
  static void set(float* to, Vector v) { __builtin_memcpy(to, &v, sizeof(v)); }

  static Vector read(const float* blob, const Place& place) {
    if (place.count == Simd::kWidth) return at(blob + place.blob);
    Vector v = {};
    for (int k = 0; k < place.count; ++k) v[k] = blob[place.blob + k];
    return v;
  }
  static void write(Vector v, float* blob, const Place& place) {
    if (place.count == Simd::kWidth) return set(blob + place.blob, v);
    for (int k = 0; k < place.count; ++k) blob[place.blob + k] = v[k];
  }

  // Zero stays zero, whatever the power: so does what pads blocks of channels.
  static Vector product(Vector a, Vector power) {
    const Vector zero = {};
    return a == zero ? zero : a * power;
  }

  template <typename Body>
  void for_all(const Body& body) const {
    for_rows(0, tile_.rows, body);
  }
  template <typename Body>
  void for_results(const Body& body) const {
    for_rows(tile_.skipped, tile_.skipped + tile_.written, body);
  }

  // body(place) for rows [first, last), with the shorter stride through the blob inside.
  template <typename Body>
  void for_rows(int64_t first, int64_t last, const Body& body) const {
    struct Loop {
      int64_t first, last, blob, array;
    };
    Loop outer = {first, last, tiling_.blob_row, tiling_.array_row};
    Loop inner = {0, tile_.columns, tiling_.blob_column, tiling_.array_column};
    if (inner.blob > outer.blob) {
      const Loop columns = inner;
      inner = outer;
      outer = columns;
    }
    const int64_t lanes = tile_.lanes;
    for (int64_t i = outer.first; i < outer.last; ++i) {
      for (int64_t j = inner.first; j < inner.last; ++j) {
        const int64_t blob = i * outer.blob + j * inner.blob;
        const int64_t array = i * outer.array + j * inner.array;
        int64_t k = 0;
        for (; k + Simd::kWidth <= lanes; k += Simd::kWidth) {
          body(Place{blob + k, array + k, Simd::kWidth});
        }
        if (k < lanes) body(Place{blob + k, array + k, lanes - k});
      }
    }
  }

  static Vector window(const float* terms, Axis axis) {
    Vector sum = at(terms);
    for (int64_t j = axis.step; j <= axis.reach * axis.step; j += axis.step) {
      sum += at(terms - j) + at(terms + j);
    }
    return sum;
  }

  // Of two axes the first is summed along here; the rest is window(result + i, last_axis()).
  float* sum_first_axis(float* terms, float* sums) const {
    if (tiling_.axes == 1) return terms;
    const int64_t length = (tile_.columns - 1) * tiling_.array_column + tile_.lanes;
    const int64_t rows = tile_.rows, array_row = tiling_.array_row;
    const Axis axis = tiling_.axis[0];
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t first = row * array_row;
      for (int64_t i = first; i < first + length; i += Simd::kWidth) {
        set(sums + i, window(terms + i, axis));
      }
    }
    return sums;
  }
  Axis last_axis() const { return tiling_.axis[tiling_.axes - 1]; }

  template <typename Power>
  void forward(const Power& power) const {
    const float* sums = sum_first_axis(terms_, sums_);
    const LrnNumbers numbers = numbers_;
    for_results([=, x = x_, y = out_, axis = last_axis()](const Place& place) {
      const Vector s = numbers.bias + numbers.coefficient * window(sums + place.array, axis);
      write(product(read(x, place), power(s, 1.0f / s)), y, place);
    });
  }

  // dx = dy * s^-beta - 2 * coefficient * beta * x * (sum of dy*x*s^(-beta-1) over the window).
  template <typename Power>
  void backward(const Power& power) const {
    const LrnNumbers numbers = numbers_;
    const Axis axis = last_axis();
    const float* squares = sum_first_axis(terms_, sums_);
    float* terms = squares == sums_ ? terms_ : sums_;  // the array that is free now
    for_all([=, input = x_, top_diff = dy_, scaled = scaled_](const Place& place) {
      const Vector s = numbers.bias + numbers.coefficient * window(squares + place.array, axis);
      const Vector inverse = 1.0f / s, p = power(s, inverse);
      const Vector x = read(input, place), dy = read(top_diff, place);
      set(scaled + place.array, product(dy, p));
      set(terms + place.array, product(dy * x, p * inverse));
    });
    const float factor = static_cast<float>(2 * numbers.beta) * numbers.coefficient;
    const float* sums = sum_first_axis(terms, terms == terms_ ? sums_ : terms_);
    for_results([=, x = x_, dx = out_, scaled = scaled_](const Place& place) {
      const Vector part = factor * read(x, place) * window(sums + place.array, axis);
      write(at(scaled + place.array) - part, dx, place);
    });
  }

  void clear_behind() const {
    const int64_t end = tile_.rows * tiling_.array_row;
    __builtin_memset(terms_ + end, 0, tiling_.margin * sizeof(float));
    __builtin_memset(sums_ + end, 0, tiling_.margin * sizeof(float));
  }

  const LrnNumbers numbers_;
  const LrnTiling& tiling_;
  const LrnTile tile_;
  float *const terms_, *const sums_, *const scaled_;  // arrays
  const float *const x_, *const dy_;                  // where the tile begins
  float* const out_;
};

template <typename Simd>
void lrn_tile(const LrnCall& call, const LrnTile& tile) {
  const LrnTileKernel<Simd> kernel(call, tile);
  if (call.numbers.beta == 0.75) {
    kernel.run(MinusThreeQuarters<Simd>());
  } else {
    kernel.run(MinusPower<Simd>(call.numbers.beta));
  }
}

}  // namespace caffe::simd
