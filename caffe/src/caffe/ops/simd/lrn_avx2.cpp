#include <immintrin.h>

#include "caffe/ops/simd/lrn_kernel.hpp"

namespace caffe::simd {

namespace {

struct Avx2 {
  static constexpr int kWidth = 8;
  typedef float Vector __attribute__((vector_size(32)));
  typedef int32_t Ints __attribute__((vector_size(32)));
  static Vector root(Vector v) { return _mm256_sqrt_ps(v); }
  static bool within(Vector v, float low, float high) {
    const __m256 above = _mm256_cmp_ps(v, _mm256_set1_ps(low), _CMP_GE_OQ);
    const __m256 below = _mm256_cmp_ps(v, _mm256_set1_ps(high), _CMP_LE_OQ);
    return _mm256_movemask_ps(_mm256_and_ps(above, below)) == 0xFF;
  }
};

}  // namespace

void lrn_avx2(const LrnCall& call, const LrnTile& tile) { lrn_tile<Avx2>(call, tile); }

}  // namespace caffe::simd
