#include <gtest/gtest.h>

#include "caffe/layers/indices.hpp"
#include "caffe/threads.hpp"
#include "support/expect_error.hpp"
#include "support/layer_case.hpp"

namespace caffe {
namespace test {
namespace {

TEST(Indices, TheFirstWrongOneOfManyIsNamed) {
  const ThreadScope scope(3);
  Blob<double> indices({40000});
  std::vector<double> values(40000, 3);
  LayerCase<double>::set(indices, values);
  EXPECT_EQ(read_indices(indices, 4, "index"), std::vector<int64_t>(40000, 3));
  values[39999] = -1;
  values[30000] = 2.5;
  LayerCase<double>::set(indices, values);
  expect_error(Code::kNumeric, "index 2.5 is not an integer in 0..3",
               [&] { read_indices(indices, 4, "index"); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
