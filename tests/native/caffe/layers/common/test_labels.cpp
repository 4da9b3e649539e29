#include <gtest/gtest.h>

#include <limits>

#include "caffe/layers/labels.hpp"
#include "caffe/threads.hpp"
#include "support/expect_error.hpp"
#include "support/layer_case.hpp"

namespace caffe {
namespace test {
namespace {

TEST(Labels, TheFirstWrongOneOfManyIsNamed) {
  const ThreadScope scope(3);
  Blob<float> labels({40000});
  std::vector<float> values(40000, 2.5f);
  values[7] = -0.5f;
  values[8] = -1;
  LayerCase<float>::set(labels, values);
  const int64_t ignored = -1;
  std::vector<int64_t> expected(40000, 2);
  expected[7] = 0;
  expected[8] = kIgnoredLabel;
  EXPECT_EQ(read_labels(labels, 10, 3, &ignored), expected);
  expect_error(Code::kNumeric, "label -1 of item 0 is not in 0..2",
               [&] { read_labels(labels, 10, 3); });
  for (const float wrong :
       {3.0f, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    values[39990] = values[30005] = wrong;
    LayerCase<float>::set(labels, values);
    expect_error(Code::kNumeric, cat("label ", wrong, " of item 3000 is not in 0..2"),
                 [&] { read_labels(labels, 10, 3, &ignored); });
  }
}

}  // namespace
}  // namespace test
}  // namespace caffe
