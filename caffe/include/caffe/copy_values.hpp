// Copies of arrays that may be long.
#pragma once

#include <algorithm>
#include <cstdint>

namespace caffe {

// body(first, n) for pieces of `count` values, in parallel: one thread alone cannot use all of the
// memory's bandwidth. A piece is worth a thread even if the arrays are in a cache.
template <typename Body>
void for_pieces(int64_t count, const Body& body) {
  constexpr int64_t kPiece = 65536;
#pragma omp parallel for schedule(static) if (count > kPiece)
  for (int64_t first = 0; first < count; first += kPiece) {
    body(first, std::min(kPiece, count - first));
  }
}

template <typename T>
void copy_values(const T* from, int64_t count, T* to) {
  for_pieces(count, [=](int64_t first, int64_t n) { std::copy_n(from + first, n, to + first); });
}

template <typename T>
void fill_values(T value, int64_t count, T* to) {
  for_pieces(count, [=](int64_t first, int64_t n) { std::fill_n(to + first, n, value); });
}

}  // namespace caffe
