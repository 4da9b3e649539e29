#include <gtest/gtest.h>

#include <vector>

#include "caffe/normal.hpp"
#include "caffe/threads.hpp"

namespace caffe {
namespace test {
namespace {

// The numbers that a seed gives do not change.
template <typename T>
void expect_the_librarys() {
  for (const int threads : {1, 3}) {
    const ThreadScope scope(threads);
    for (const int64_t count : {0, 1, 2, 7, 1000, 100001}) {
      std::mt19937_64 engine(count + 5), other = engine;
      std::vector<T> values(count);
      fill_normal(engine, count, values.data());
      std::normal_distribution<T> distribution;
      for (int64_t i = 0; i < count; ++i) ASSERT_EQ(values[i], distribution(other)) << i;
      EXPECT_EQ(engine(), other()) << count;
    }
  }
}

TEST(Normal, NumbersAreTheLibrarysInSinglePrecision) { expect_the_librarys<float>(); }
TEST(Normal, NumbersAreTheLibrarysInDoublePrecision) { expect_the_librarys<double>(); }

}  // namespace
}  // namespace test
}  // namespace caffe
