#include <gtest/gtest.h>

#include <cstdlib>

#include "caffe/ops/simd/isa.hpp"

namespace caffe::simd {
namespace {

TEST(Isa, IsOneThatTheCpuHas) {
  EXPECT_TRUE(cpu_isa() != Isa::kAvx512 || __builtin_cpu_supports("avx512f"));
  EXPECT_TRUE(cpu_isa() == Isa::kBaseline || __builtin_cpu_supports("avx2"));
}

// In a process of its own, for oneDNN reads the variable once.
TEST(Isa, IsBoundedByOneDnnsVariable) {
  if (!__builtin_cpu_supports("avx2")) GTEST_SKIP() << "a CPU without AVX2";
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  for (const auto& [bound, isa] :
       {std::make_pair("AVX2", Isa::kAvx2), std::make_pair("SSE41", Isa::kBaseline)}) {
    ::setenv("ONEDNN_MAX_CPU_ISA", bound, 1);
    const Isa expected = isa;
    EXPECT_EXIT(std::exit(cpu_isa() == expected ? 0 : 1), ::testing::ExitedWithCode(0), "")
        << bound;
  }
  ::unsetenv("ONEDNN_MAX_CPU_ISA");
}

}  // namespace
}  // namespace caffe::simd
