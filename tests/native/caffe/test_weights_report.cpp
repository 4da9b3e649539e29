#include <gtest/gtest.h>

#include "caffe/weights_report.hpp"
#include "support/expect_error.hpp"

namespace caffe {
namespace test {
namespace {

TEST(WeightsReport, IsOneLine) {
  EXPECT_EQ((WeightsReport{"w", 3, 3, {}, {}}).text(), "w: took 3 of 3 layers");
  EXPECT_EQ((WeightsReport{"w", 1, 2, {"fc8"}, {"fc9", "fc10"}}).text(),
            "w: took 1 of 2 layers; not in the file: fc8; not in the net: fc9, fc10");
  const std::vector<std::string> many(14, "a");
  EXPECT_EQ((WeightsReport{"w", 0, 14, many, {}}).text(),
            "w: took 0 of 14 layers; not in the file: a, a, a, a, a, a, a, a, a, a and 4 more");
}

TEST(WeightsReport, SaysWhatDoesNotMatch) {
  const WeightsReport all{"w", 2, 2, {}, {"c"}}, some{"w", 1, 2, {"b"}, {}},
      none{"w", 0, 2, {"a", "b"}, {}};
  for (Match match : {Match::kAny, Match::kSome, Match::kAll}) check_match(all, match, "n");
  for (Match match : {Match::kAny, Match::kSome}) check_match(some, match, "n");
  check_match(none, Match::kAny, "n");
  expect_error(Code::kShape, "w: some layers of net 'n' are not in the file: b",
               [&] { check_match(some, Match::kAll, "n"); });
  expect_error(Code::kShape, "not in the file: a, b; it has no layers with parameters",
               [&] { check_match(none, Match::kSome, "n"); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
