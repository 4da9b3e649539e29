// Matrix products for the reference back end.
#pragma once

#include <cstdint>

namespace caffe {
namespace reference {

enum class Transpose { kNo, kYes };

// C (m x n) += op(A) (m x k) * op(B) (k x n), all row-major and dense. Every element of C
// is summed by one thread in one order, so results do not depend on the thread count.
// A^T * B^T is not needed and not there.
template <typename T>
void gemm(Transpose a_transposed, Transpose b_transposed, int64_t m, int64_t n, int64_t k,
          const T* a, const T* b, T* c);

}  // namespace reference
}  // namespace caffe
