#include "caffe/ops/simd/function_kernel.hpp"

namespace caffe::simd {

namespace {

struct Avx2 {
  static constexpr int kWidth = 8;
  typedef float Vector __attribute__((vector_size(32)));
  typedef int32_t Ints __attribute__((vector_size(32)));
  typedef float Half __attribute__((vector_size(16)));
  typedef double Doubles __attribute__((vector_size(32)));
  typedef uint64_t Longs __attribute__((vector_size(32)));
};

}  // namespace

constexpr Functions functions_avx2 = function_table<Avx2>();

}  // namespace caffe::simd
