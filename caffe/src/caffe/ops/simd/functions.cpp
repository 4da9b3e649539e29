#include "caffe/ops/simd/functions.hpp"

#include "caffe/ops/simd/function_kernel.hpp"

namespace caffe::simd {

const Functions& functions_on(Isa isa) {
  switch (isa) {
    case Isa::kAvx512: return functions_avx512;
    case Isa::kAvx2: return functions_avx2;
    default: return functions_baseline;
  }
}

const Functions& functions() {
  static const Functions& best = functions_on(cpu_isa());
  return best;
}

}  // namespace caffe::simd
