// Work on long arrays in ranges that threads share.
#pragma once

#include <algorithm>
#include <cstdint>

#include "caffe/format.hpp"

namespace caffe {

// Elements that `count` values take in memory, padding included.
inline int64_t stored_count(const FormatPtr& format, int64_t count) {
  return format ? static_cast<int64_t>(format->size()) : count;
}

// body(first, n) over all of `count` elements, in parallel. A range fits the second-level cache
// with its gradients; smaller arrays are not worth a thread.
template <typename Body>
void for_ranges(int64_t count, const Body& body) {
  constexpr int64_t kRange = 16384;
  const int64_t ranges = (count + kRange - 1) / kRange;
#pragma omp parallel for schedule(static) if (ranges > 1)
  for (int64_t i = 0; i < ranges; ++i) {
    body(i * kRange, std::min(kRange, count - i * kRange));
  }
}

}  // namespace caffe
