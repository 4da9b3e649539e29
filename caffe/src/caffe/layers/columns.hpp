// Work on the columns of a matrix, in strips that threads share.
#pragma once

#include <omp.h>

#include <algorithm>
#include <cstdint>

namespace caffe {

// body(first, n) for columns [first, first + n) of a matrix of `rows` x `columns` elements: a strip
// for each thread, of whole cache lines where rows begin with one.
template <typename T, typename Body>
void for_columns(int64_t rows, int64_t columns, const Body& body) {
  constexpr int64_t kLine = 64 / sizeof(T);
  const int64_t threads = rows * columns > 16384 ? omp_get_max_threads() : 1;
  const int64_t lines = (columns + kLine - 1) / kLine;
  const int64_t strip = std::max<int64_t>((lines + threads - 1) / threads, 1) * kLine;
#pragma omp parallel for schedule(static) if (strip < columns)
  for (int64_t first = 0; first < columns; first += strip) {
    body(first, std::min(strip, columns - first));
  }
}

}  // namespace caffe
