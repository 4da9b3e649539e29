#include <gtest/gtest.h>

#include "caffe/proto/caffe.pb.h"
#include "support/expect_error.hpp"
#include "support/net_case.hpp"

namespace caffe {
namespace test {
namespace {

TEST(BlobProto, RoundTripKeepsShapeAndValues) {
  Blob<float> blob({2, 3, 2});
  set_values(&blob, ramp(12));
  blob.mutable_cpu_diff()[5] = 3;
  BlobProto proto;
  blob.to_proto(&proto, true);
  EXPECT_EQ(proto.data_size(), 12);
  Blob<float> copy;
  copy.from_proto(proto, true);
  EXPECT_EQ(copy.shape(), blob.shape());
  EXPECT_EQ(values(copy), ramp(12));
  EXPECT_EQ(gradients(copy), gradients(blob));
}

TEST(BlobProto, GradientsAreWrittenOnRequestOnly) {
  BlobProto proto;
  Blob<float>({3}).to_proto(&proto);
  EXPECT_EQ(proto.diff_size(), 0);
}

TEST(BlobProto, ScalarKeepsItsEmptyShape) {
  BlobProto proto;
  Blob<float>(Shape{}).to_proto(&proto);
  EXPECT_TRUE(proto.has_shape());
  Blob<float> copy({4});
  copy.from_proto(proto, true);
  EXPECT_EQ(copy.shape(), Shape{});
}

TEST(BlobProto, DoublesAreReadAsFloats) {
  Blob<double> blob({2});
  blob.mutable_cpu_data()[1] = 0.5;
  BlobProto proto;
  blob.to_proto(&proto);
  EXPECT_EQ(proto.double_data_size(), 2);
  Blob<float> copy({2});
  copy.from_proto(proto, false);
  EXPECT_EQ(values(copy), std::vector<float>({0, 0.5}));
}

// Files from before blobs had shapes pad to 4 axes in front.
TEST(BlobProto, OldShapesAreEqualWhenLeftPadded) {
  BlobProto proto;
  proto.set_num(1);
  proto.set_channels(1);
  proto.set_height(2);
  proto.set_width(3);
  for (float value : ramp(6)) proto.add_data(value);
  Blob<float> blob({2, 3});
  blob.from_proto(proto, false);
  EXPECT_EQ(values(blob), ramp(6));
  Blob<float> other({3, 2});
  expect_error(Code::kShape, "shape 1 1 2 3 (6) in the file does not equal shape 3 2 (6) here",
               [&] { other.from_proto(proto, false); });
}

TEST(BlobProto, WrongNumberOfValuesChangesNothing) {
  BlobProto proto;
  proto.mutable_shape()->add_dim(3);
  proto.add_data(1);
  Blob<float> blob({3});
  set_values(&blob, {4, 5, 6});
  expect_error(Code::kShape, "comes with 1 values", [&] { blob.from_proto(proto, false); });
  EXPECT_EQ(values(blob), std::vector<float>({4, 5, 6}));
}

}  // namespace
}  // namespace test
}  // namespace caffe
