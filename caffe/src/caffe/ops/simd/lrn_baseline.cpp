#include <emmintrin.h>

#include "caffe/ops/simd/lrn_kernel.hpp"

namespace caffe::simd {

namespace {

struct Baseline {
  static constexpr int kWidth = 4;
  typedef float Vector __attribute__((vector_size(16)));
  typedef int32_t Ints __attribute__((vector_size(16)));
  static Vector root(Vector v) { return _mm_sqrt_ps(v); }
  static bool within(Vector v, float low, float high) {
    return _mm_movemask_ps(_mm_and_ps(_mm_cmpge_ps(v, _mm_set1_ps(low)),
                                      _mm_cmple_ps(v, _mm_set1_ps(high)))) == 0xF;
  }
};

}  // namespace

void lrn_baseline(const LrnCall& call, const LrnTile& tile) { lrn_tile<Baseline>(call, tile); }

}  // namespace caffe::simd
