#include <immintrin.h>

#include "caffe/ops/simd/lrn_kernel.hpp"

namespace caffe::simd {

namespace {

struct Avx512 {
  static constexpr int kWidth = 16;
  typedef float Vector __attribute__((vector_size(64)));
  typedef int32_t Ints __attribute__((vector_size(64)));
  // Under a mask of all lanes: GCC 12 warns of its own _mm512_sqrt_ps.
  static Vector root(Vector v) { return _mm512_maskz_sqrt_ps(0xFFFF, v); }
  static bool within(Vector v, float low, float high) {
    const __mmask16 above = _mm512_cmp_ps_mask(v, _mm512_set1_ps(low), _CMP_GE_OQ);
    return _mm512_mask_cmp_ps_mask(above, v, _mm512_set1_ps(high), _CMP_LE_OQ) == 0xFFFF;
  }
};

}  // namespace

void lrn_avx512(const LrnCall& call, const LrnTile& tile) { lrn_tile<Avx512>(call, tile); }

}  // namespace caffe::simd
