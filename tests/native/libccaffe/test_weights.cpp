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

}  // namespace
}  // namespace ccaffe_test
