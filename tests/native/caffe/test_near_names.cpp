#include <gtest/gtest.h>

#include "caffe/near_names.hpp"

namespace caffe {
namespace test {
namespace {

const std::vector<std::string> kKnown = {"kernel_size", "kernel_h", "kernel_w", "stride", "pad"};

TEST(NearNames, AFewLettersMayBeWrong) {
  EXPECT_EQ(did_you_mean("kernal_size", kKnown), "; did you mean kernel_size?");
  EXPECT_EQ(did_you_mean("Strid", kKnown), "; did you mean stride?");
  EXPECT_EQ(did_you_mean("padd", kKnown), "; did you mean pad?");
}

TEST(NearNames, TheNearestComeFirstAndAtMostThree) {
  EXPECT_EQ(did_you_mean("kernel_x", kKnown), "; did you mean kernel_h or kernel_w?");
  // Six steps to one, three to the others; all begin so.
  EXPECT_EQ(did_you_mean("kernel", kKnown), "; did you mean kernel_h, kernel_w or kernel_size?");
  EXPECT_EQ(did_you_mean("ac", {"ad", "ab", "aa", "ae"}), "; did you mean aa, ab or ad?");
}

TEST(NearNames, OthersAreNotNear) {
  EXPECT_EQ(did_you_mean("momentum", kKnown), "");
  EXPECT_EQ(did_you_mean("", {"stride"}), "");
  EXPECT_EQ(did_you_mean("pad", {}), "");
  EXPECT_EQ(did_you_mean(std::string(1 << 20, 'p'), {std::string(1 << 20, 'p')}), "");
}

}  // namespace
}  // namespace test
}  // namespace caffe
