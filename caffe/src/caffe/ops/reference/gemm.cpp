#include "caffe/ops/reference/gemm.hpp"

#include <algorithm>

#include "caffe/error.hpp"

namespace caffe {
namespace reference {

namespace {

// A tile of C stays in the first-level cache while k runs.
constexpr int64_t kTileRows = 4;
constexpr int64_t kTileColumns = 512;

// c[j] += sum over k of a[k] * B[k][j]; a's elements lie `a_step` apart.
template <typename T>
void row_times_matrix(int64_t n, int64_t k, const T* a, int64_t a_step, const T* b, int64_t b_row,
                      T* c) {
  int64_t i = 0;
  for (; i + 4 <= k; i += 4) {
    const T a0 = a[i * a_step], a1 = a[(i + 1) * a_step];
    const T a2 = a[(i + 2) * a_step], a3 = a[(i + 3) * a_step];
    const T *b0 = b + i * b_row, *b1 = b0 + b_row, *b2 = b1 + b_row, *b3 = b2 + b_row;
#pragma omp simd
    for (int64_t j = 0; j < n; ++j) c[j] += a0 * b0[j] + a1 * b1[j] + a2 * b2[j] + a3 * b3[j];
  }
  for (; i < k; ++i) {
    const T factor = a[i * a_step];
    const T* row = b + i * b_row;
#pragma omp simd
    for (int64_t j = 0; j < n; ++j) c[j] += factor * row[j];
  }
}

template <typename T>
T dot(int64_t n, const T* a, const T* b) {
  T sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

template <typename T>
void gemm(Transpose a_transposed, Transpose b_transposed, int64_t m, int64_t n, int64_t k,
          const T* a, const T* b, T* c) {
  const bool ta = a_transposed == Transpose::kYes, tb = b_transposed == Transpose::kYes;
  require(!(ta && tb), Code::kInternal, "gemm: both operands transposed");
  const int64_t row_tiles = (m + kTileRows - 1) / kTileRows;
  const int64_t column_tiles = (n + kTileColumns - 1) / kTileColumns;
#pragma omp parallel for collapse(2) schedule(static) if (m * n * k > 100000)
  for (int64_t ti = 0; ti < row_tiles; ++ti) {
    for (int64_t tj = 0; tj < column_tiles; ++tj) {
      const int64_t last_row = std::min(m, (ti + 1) * kTileRows);
      const int64_t j0 = tj * kTileColumns, columns = std::min(kTileColumns, n - j0);
      for (int64_t i = ti * kTileRows; i < last_row; ++i) {
        if (tb) {
          for (int64_t j = j0; j < j0 + columns; ++j) c[i * n + j] += dot(k, a + i * k, b + j * k);
        } else {
          row_times_matrix(columns, k, ta ? a + i : a + i * k, ta ? m : 1, b + j0, n,
                           c + i * n + j0);
        }
      }
    }
  }
}

template void gemm(Transpose, Transpose, int64_t, int64_t, int64_t, const float*, const float*,
                   float*);
template void gemm(Transpose, Transpose, int64_t, int64_t, int64_t, const double*, const double*,
                   double*);

}  // namespace reference
}  // namespace caffe
