#include "caffe/ops/simd/isa.hpp"

#include <dnnl.hpp>

namespace caffe::simd {

namespace {

// Values of dnnl::cpu_isa are sets of bits: an instruction set has those of all that it includes.
bool allows(dnnl::cpu_isa wanted) {
  const auto effective = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  const auto bits = static_cast<unsigned>(wanted);
  return (effective & bits) == bits;
}

}  // namespace

Isa cpu_isa() {
  static const Isa isa = [] {
    if (allows(dnnl::cpu_isa::avx512_core)) return Isa::kAvx512;
    if (allows(dnnl::cpu_isa::avx2) && __builtin_cpu_supports("fma")) return Isa::kAvx2;
    return Isa::kBaseline;
  }();
  return isa;
}

}  // namespace caffe::simd
