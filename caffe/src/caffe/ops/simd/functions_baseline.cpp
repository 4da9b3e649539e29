#include "caffe/ops/simd/function_kernel.hpp"

namespace caffe::simd {

namespace {

struct Baseline {
  static constexpr int kWidth = 4;
  typedef float Vector __attribute__((vector_size(16)));
  typedef int32_t Ints __attribute__((vector_size(16)));
};

}  // namespace

constexpr Functions functions_baseline = function_table<Baseline>();

}  // namespace caffe::simd
