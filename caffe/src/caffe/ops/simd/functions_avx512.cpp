#include "caffe/ops/simd/function_kernel.hpp"

namespace caffe::simd {

namespace {

struct Avx512 {
  static constexpr int kWidth = 16;
  typedef float Vector __attribute__((vector_size(64)));
  typedef int32_t Ints __attribute__((vector_size(64)));
  typedef float Half __attribute__((vector_size(32)));
  typedef double Doubles __attribute__((vector_size(64)));
  typedef uint64_t Longs __attribute__((vector_size(64)));
};

}  // namespace

constexpr Functions functions_avx512 = function_table<Avx512>();

}  // namespace caffe::simd
