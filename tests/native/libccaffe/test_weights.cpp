#include <gtest/gtest.h>

#include "support/ccaffe_client.hpp"

namespace ccaffe_test {
namespace {

TEST(CWeights, LayoutListsOwnersInOrder) {
  const OwnNet net(
      "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 3 } } }"
      "layer { name: 'a' type: 'InnerProduct' bottom: 'x' top: 'a' param { name: 'w' } "
      "  inner_product_param { num_output: 3 } }"
      "layer { name: 'b' type: 'InnerProduct' bottom: 'a' top: 'b' param { name: 'w' } "
      "  inner_product_param { num_output: 3 } }");
  ccaffe_buffer* buffer = nullptr;
  ok(ccaffe_net_weights_layout(net, &buffer));
  caffe::NetParameter layout;
  ASSERT_TRUE(layout.ParseFromString(take(buffer)));
  ASSERT_EQ(layout.layer_size(), 2);
  EXPECT_EQ(layout.layer(0).name(), "a");
  EXPECT_EQ(layout.layer(0).type(), "InnerProduct");
  EXPECT_EQ(layout.layer(0).blobs_size(), 2);
  EXPECT_EQ(layout.layer(1).blobs_size(), 1);  // the shared one is with its owner
  int64_t count = 0;
  ok(ccaffe_net_weights_count(net, &count));
  EXPECT_EQ(count, 9 + 3 + 3);
}

TEST(CWeights, FlatValuesRoundTrip) {
  const OwnSolver solver;
  const int64_t count = static_cast<int64_t>(solver.weights().size());
  ok(ccaffe_net_write_weights(solver.net(), caffe::test::ramp(count).data(), count));
  EXPECT_EQ(solver.weights(), caffe::test::ramp(count));
  ok(ccaffe_solver_step(solver, 1, nullptr));
  const auto stepped = solver.weights();
  EXPECT_NE(stepped, caffe::test::ramp(count));
  // Written back after the engine has kept copies in formats of its own.
  ok(ccaffe_net_write_weights(solver.net(), caffe::test::ramp(count).data(), count));
  EXPECT_EQ(solver.weights(), caffe::test::ramp(count));
}

TEST(CWeights, AWrongCountChangesNothing) {
  const OwnSolver solver;
  const auto before = solver.weights();
  const int64_t count = static_cast<int64_t>(before.size());
  std::vector<float> zeros(count + 1);
  expect_status(ccaffe_net_write_weights(solver.net(), zeros.data(), count + 1), CCAFFE_SHAPE,
                "values were given");
  expect_status(ccaffe_net_read_weights(solver.net(), zeros.data(), count - 1), CCAFFE_SHAPE,
                "values were given");
  expect_status(ccaffe_net_write_weights(solver.net(), nullptr, count), CCAFFE_INVALID_ARGUMENT,
                "values is null");
  EXPECT_EQ(solver.weights(), before);
}

TEST(CWeights, MeansAreOfTheCallersMemory) {
  const std::vector<float> a = {1, 2, 3}, b = {5, 6, 7};
  const void* vectors[] = {a.data(), b.data()};
  const double weights[] = {3, 1};
  std::vector<float> mean(3);
  ok(ccaffe_mean(vectors, weights, 2, 0, mean.data(), 3));
  EXPECT_EQ(mean, (std::vector<float>{2, 3, 4}));
  std::vector<uint16_t> halves(3);
  ok(ccaffe_differ(b.data(), a.data(), halves.data(), 3));
  const void* differences[] = {halves.data()};
  ok(ccaffe_mean(differences, weights, 1, 1, halves.data(), 3));
  std::vector<float> sum = a;
  ok(ccaffe_add_differences(halves.data(), sum.data(), 3));
  EXPECT_EQ(sum, b);
  int32_t finite = -1;
  ok(ccaffe_all_finite(sum.data(), 3, &finite));
  EXPECT_EQ(finite, 1);
}

TEST(CWeights, MeansOfNothingAreRefused) {
  float value = 1;
  uint16_t half = 0;
  int32_t finite = 0;
  const double weight = 1;
  const void* vectors[] = {&value, nullptr};
  const auto refused = CCAFFE_INVALID_ARGUMENT;
  expect_status(ccaffe_mean(nullptr, &weight, 1, 0, &value, 1), refused, "vectors is null");
  expect_status(ccaffe_mean(vectors, nullptr, 1, 0, &value, 1), refused, "weights is null");
  expect_status(ccaffe_mean(vectors, &weight, 2, 0, &value, 1), refused, "a vector is null");
  expect_status(ccaffe_mean(vectors, &weight, 0, 0, &value, 1), refused, "1 or more");
  expect_status(ccaffe_mean(vectors, &weight, 1, 0, nullptr, 1), refused, "mean is null");
  expect_status(ccaffe_mean(vectors, &weight, 1, 0, &value, -1), refused, "negative");
  expect_status(ccaffe_differ(&value, nullptr, &half, 1), refused, "base is null");
  expect_status(ccaffe_add_differences(&half, nullptr, 1), refused, "values is null");
  expect_status(ccaffe_all_finite(nullptr, 1, &finite), refused, "values is null");
  expect_status(ccaffe_all_finite(&value, 1, nullptr), refused, "finite is null");
}

}  // namespace
}  // namespace ccaffe_test
