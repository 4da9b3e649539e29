#include <gtest/gtest.h>

#include "caffe/layers/position_blocks.hpp"
#include "caffe/threads.hpp"

namespace caffe {
namespace test {
namespace {

TEST(PositionBlocks, CoverAllPositionsOnce) {
  const ThreadScope scope(3);
  const int64_t outer = 3, classes = 200, inner = 2 * kPositionBlock + 1;
  std::vector<int> visits(outer * classes * inner);
  std::vector<int> numbers(position_blocks(outer, inner));
  const double positions = position_sum(outer, classes, inner, [&](const PositionBlock& block) {
    ++numbers[block.number];
    EXPECT_EQ(block.element, block.position / inner * classes * inner + block.position % inner);
    for (int64_t c = 0; c < classes; ++c) {
      for (int64_t i = 0; i < block.width; ++i) ++visits[block.element + c * inner + i];
    }
    return static_cast<double>(block.width);
  });
  EXPECT_EQ(positions, outer * inner);
  EXPECT_EQ(numbers, std::vector<int>(9, 1));
  EXPECT_EQ(visits, std::vector<int>(visits.size(), 1));
}

}  // namespace
}  // namespace test
}  // namespace caffe
