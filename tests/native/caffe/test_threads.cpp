#include <gtest/gtest.h>
#include <omp.h>

#include <string>
#include <thread>

#include "caffe/threads.hpp"
#include "support/expect_error.hpp"

namespace caffe {
namespace test {
namespace {

TEST(Threads, ZeroMeansAllCores) {
  EXPECT_EQ(threads_or_all(0), omp_get_num_procs());
  EXPECT_EQ(threads_or_all(3), 3);
  for (int wrong : {-1, 4097}) {
    expect_error(Code::kInvalidArgument, std::to_string(wrong), [&] { threads_or_all(wrong); });
  }
}

TEST(Threads, AScopeIsOfItsThreadAndEnds) {
  const int before = omp_get_max_threads();
  {
    ThreadScope scope(before + 2);
    EXPECT_EQ(omp_get_max_threads(), before + 2);
    int elsewhere = 0;
    std::thread([&] { elsewhere = omp_get_max_threads(); }).join();
    EXPECT_NE(elsewhere, before + 2);
  }
  EXPECT_EQ(omp_get_max_threads(), before);
}

}  // namespace
}  // namespace test
}  // namespace caffe
