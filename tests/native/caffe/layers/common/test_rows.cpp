#include <gtest/gtest.h>

#include "caffe/layers/rows.hpp"
#include "caffe/threads.hpp"

namespace caffe {
namespace test {
namespace {

TEST(Rows, RangesCoverAllElementsOnce) {
  const ThreadScope scope(3);
  for (const auto& [rows, length] : std::vector<std::pair<int64_t, int64_t>>{
           {0, 5}, {5, 0}, {3, 1}, {2, kRowRange}, {3, 2 * kRowRange + 1}, {50000, 2}}) {
    std::vector<int> visits(rows * length);
    for_row_ranges(rows, length, [&, length = length](int64_t row, int64_t first, int64_t n) {
      for (int64_t i = first; i < first + n; ++i) ++visits[row * length + i];
    });
    EXPECT_EQ(visits, std::vector<int>(rows * length, 1)) << rows << " x " << length;
  }
}

TEST(Rows, Sums) {
  const std::vector<double> whole(3 * (kRowRange + 5), 1.5);
  const auto sum = [&](int64_t, int64_t first, int64_t n) {
    return sum_values(whole.data() + first, n);
  };
  EXPECT_EQ(row_sums(3, kRowRange + 5, sum), std::vector<double>(3, 1.5 * (kRowRange + 5)));
  EXPECT_EQ(row_sums(3, 2, sum), std::vector<double>(3, 3));
  EXPECT_EQ(row_sums(2, 0, sum), std::vector<double>(2, 0));
  EXPECT_EQ(range_sum(0, [](int64_t, int64_t) { return 1.0; }), 0);
  const std::vector<float> a = {1, -2, 3, -4, 5}, b = {0, 0, 1, 1, 1};
  EXPECT_EQ(sum_values(a.data(), 5), 3);
  EXPECT_EQ(sum_absolutes(a.data(), 5), 15);
  EXPECT_EQ(sum_squares(a.data(), 5), 55);
  EXPECT_EQ(sum_squared_differences(a.data(), b.data(), 5), 1 + 4 + 4 + 25 + 16);
}

}  // namespace
}  // namespace test
}  // namespace caffe
