// The instruction sets of our own vector code that this machine has.
#pragma once

#include <vector>

#include "caffe/ops/simd/isa.hpp"

namespace caffe {
namespace test {

inline std::vector<simd::Isa> isas() {
  using simd::Isa;
  std::vector<Isa> all = {Isa::kBaseline};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) all.push_back(Isa::kAvx2);
  if (__builtin_cpu_supports("avx512f")) all.push_back(Isa::kAvx512);
  return all;
}

inline const char* isa_name(simd::Isa isa) {
  using simd::Isa;
  return isa == Isa::kAvx512 ? "AVX-512" : isa == Isa::kAvx2 ? "AVX2" : "baseline";
}

}  // namespace test
}  // namespace caffe
