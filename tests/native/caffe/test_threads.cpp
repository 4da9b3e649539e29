#include <gtest/gtest.h>
#include <omp.h>

#include <thread>

#include "caffe/threads.hpp"
#include "support/expect_error.hpp"

namespace caffe {
namespace test {
namespace {

TEST(Threads, ZeroMeansAllCores) {
  set_default_threads(0);
  EXPECT_EQ(default_threads(), omp_get_num_procs());
  set_default_threads(3);
  EXPECT_EQ(default_threads(), 3);
  set_default_threads(0);
  expect_error(Code::kInvalidArgument, "-1", [] { set_default_threads(-1); });
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
