// Arrays of (outer, classes, inner) values for layers that do something to the classes of every
// position, in blocks of positions that threads share.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

namespace caffe {

constexpr int64_t kPositionBlock = 64;

// Neighbours along `inner`.
struct PositionBlock {
  int64_t position;  // the first one, counted over outer * inner
  int64_t element;   // where its value of class 0 is; that of the next class is `inner` further
  int64_t width;     // how many positions, at most kPositionBlock
  int64_t number;    // of the block, from 0 on
};

inline int64_t position_blocks(int64_t outer, int64_t inner) {
  return outer * ((inner + kPositionBlock - 1) / kPositionBlock);
}

// body(block) for all positions, in parallel.
template <typename Body>
void for_position_blocks(int64_t outer, int64_t classes, int64_t inner, const Body& body) {
  const int64_t blocks = position_blocks(1, inner);
#pragma omp parallel for collapse(2) schedule(static) if (outer * classes * inner > 16384)
  for (int64_t n = 0; n < outer; ++n) {
    for (int64_t i = 0; i < blocks; ++i) {
      const int64_t first = i * kPositionBlock;
      body(PositionBlock{n * inner + first, n * classes * inner + first,
                         std::min(kPositionBlock, inner - first), n * blocks + i});
    }
  }
}

// Sum of body(block), the same with any number of threads.
template <typename Body>
double position_sum(int64_t outer, int64_t classes, int64_t inner, const Body& body) {
  std::vector<double> partial(position_blocks(outer, inner));
  for_position_blocks(outer, classes, inner,
                      [&](const PositionBlock& block) { partial[block.number] = body(block); });
  return std::accumulate(partial.begin(), partial.end(), 0.0);
}

}  // namespace caffe
