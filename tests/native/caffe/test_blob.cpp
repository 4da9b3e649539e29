#include <gtest/gtest.h>

#include "caffe/blob.hpp"
#include "support/expect_error.hpp"
#include "support/net_case.hpp"

namespace caffe {
namespace test {
namespace {

TEST(Blob, StartsAsZeros) {
  Blob<float> blob({2, 3});
  EXPECT_EQ(blob.count(), 6);
  for (float value : values(blob)) EXPECT_EQ(value, 0);
  for (float value : gradients(blob)) EXPECT_EQ(value, 0);
}

TEST(Blob, ScalarHasNoAxesAndOneValue) {
  Blob<float> blob(Shape{});
  EXPECT_EQ(blob.num_axes(), 0);
  EXPECT_EQ(blob.count(), 1);
}

TEST(Blob, NegativeAxesCountFromTheEnd) {
  Blob<float> blob({2, 3, 5});
  EXPECT_EQ(blob.dim(-1), 5);
  EXPECT_EQ(blob.dim(-3), 2);
  EXPECT_EQ(blob.count(1), 15);
  EXPECT_EQ(blob.count(0, 2), 6);
  expect_error(Code::kShape, "axis 3 is out of range for a blob of shape 2 3 5 (30)",
               [&] { blob.canonical_axis(3); });
  expect_error(Code::kShape, "axis -4", [&] { blob.canonical_axis(-4); });
}

TEST(Blob, MissingLegacyAxesAreOne) {
  Blob<float> blob({4, 2});
  EXPECT_EQ(blob.legacy_dim(0), 4);
  EXPECT_EQ(blob.legacy_dim(1), 2);
  EXPECT_EQ(blob.legacy_dim(3), 1);
  expect_error(Code::kShape, "at most 4 axes", [] { Blob<float>({1, 1, 1, 1, 1}).legacy_dim(0); });
}

TEST(Blob, ValuesSurviveAReshapeThatDoesNotGrow) {
  Blob<float> blob({2, 6});
  set_values(&blob, ramp(12));
  blob.reshape({3, 4});
  EXPECT_EQ(values(blob), ramp(12));
  blob.reshape({2, 2});
  const std::vector<float> all = ramp(12);
  EXPECT_EQ(values(blob), std::vector<float>(all.begin(), all.begin() + 4));
  EXPECT_EQ(blob.count(), 4);
}

TEST(Blob, ImpossibleShapesAreRefused) {
  expect_error(Code::kShape, "extent -2", [] { Blob<float>({3, -2}); });
  expect_error(Code::kShape, "at most 32 axes", [] { Blob<float>(Shape(33, 1)); });
  Blob<float> blob({2});
  expect_error(Code::kShape, "too many elements",
               [&] { blob.reshape({int64_t{1} << 40, int64_t{1} << 40}); });
  EXPECT_EQ(blob.shape(), Shape({2}));
}

TEST(Blob, SharedDataIsOneMemory) {
  Blob<float> a({2, 3}), b({6}), c({5});
  set_values(&a, ramp(6));
  b.share_data(a);
  EXPECT_EQ(values(b), ramp(6));
  b.mutable_cpu_data()[4] = 42;
  EXPECT_EQ(a.cpu_data()[4], 42);
  b.mutable_cpu_diff()[0] = 7;
  EXPECT_EQ(a.cpu_diff()[0], 0);
  expect_error(Code::kShape, "5 (5)", [&] { c.share_data(a); });
  expect_error(Code::kShape, "2 3 (6)", [&] { c.share_diff(a); });
}

TEST(Blob, ShapesPrintAsInCaffe) {
  EXPECT_EQ(shape_string({2, 3, 4}), "2 3 4 (24)");
  EXPECT_EQ(shape_string({}), "(1)");
  // Of a file that lies about its size.
  EXPECT_EQ(shape_string({int64_t{1} << 40, int64_t{1} << 40}),
            "1099511627776 1099511627776 (9223372036854775807)");
}

// Sharers have values while their shapes agree.
TEST(Blob, MemoryOfAnotherShapeIsRefused) {
  Blob<float> owner({2, 3}), sharer({6});
  sharer.share_data(owner);
  sharer.share_diff(owner);
  for (int64_t items : {1000, 1}) {
    owner.reshape({items, 3});
    expect_error(Code::kState, "shape 6 (6) no longer fits its memory", [&] { sharer.data(); });
    expect_error(Code::kState, "reshape the net first", [&] { sharer.diff(); });
    expect_error(Code::kState, "no longer fits", [&] { sharer.mutable_cpu_data(); });
    expect_error(Code::kState, "no longer fits", [&] { Blob<float>({6}).share_data(sharer); });
  }
  owner.reshape({3, 2});
  EXPECT_EQ(sharer.mutable_cpu_data(), owner.cpu_data());
}

}  // namespace
}  // namespace test
}  // namespace caffe
