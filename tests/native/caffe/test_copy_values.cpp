#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "caffe/copy_values.hpp"
#include "caffe/threads.hpp"

namespace caffe {
namespace test {
namespace {

TEST(CopyValues, CopiesAndFillsAllAndNoMore) {
  for (const int threads : {1, 3}) {
    const ThreadScope scope(threads);
    for (const int64_t count : {0, 1, 65536, 65537, 200001}) {
      std::vector<float> from(count), to(count + 1, -1);
      std::iota(from.begin(), from.end(), 0.0f);
      copy_values(from.data(), count, to.data());
      EXPECT_EQ(to.back(), -1);
      to.pop_back();
      EXPECT_EQ(to, from);
      to.push_back(-1);
      fill_values(2.5f, count, to.data());
      EXPECT_EQ(to.back(), -1);
      to.pop_back();
      EXPECT_EQ(to, std::vector<float>(count, 2.5f));
    }
  }
}

}  // namespace
}  // namespace test
}  // namespace caffe
