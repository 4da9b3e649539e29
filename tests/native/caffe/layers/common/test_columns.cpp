#include <gtest/gtest.h>

#include <vector>

#include "caffe/layers/columns.hpp"
#include "caffe/threads.hpp"

namespace caffe {
namespace test {
namespace {

TEST(Columns, StripsCoverAllColumnsOnce) {
  for (const int threads : {1, 2, 3, 5}) {
    const ThreadScope scope(threads);
    for (const int64_t columns : {0, 1, 15, 16, 100, 33000}) {
      std::vector<int> visits(columns);
      for_columns<float>(1000, columns, [&](int64_t first, int64_t n) {
        for (int64_t i = first; i < first + n; ++i) ++visits[i];
      });
      EXPECT_EQ(visits, std::vector<int>(columns, 1)) << columns << " for " << threads;
    }
  }
}

}  // namespace
}  // namespace test
}  // namespace caffe
