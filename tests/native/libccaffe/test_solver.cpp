#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "support/ccaffe_client.hpp"
#include "support/temp_dir.hpp"

namespace ccaffe_test {
namespace {

ccaffe_status create(const std::string& text, ccaffe_solver** solver, int32_t threads = 0) {
  const std::string bytes = message(CCAFFE_SPEC_SOLVER, text);
  return ccaffe_solver_create(bytes.data(), bytes.size(), threads, solver);
}

TEST(CSolver, StepsAndTests) {
  const OwnSolver solver;
  float first = 0, last = 0;
  ok(ccaffe_solver_step(solver, 1, &first));
  ok(ccaffe_solver_step(solver, 60, &last));
  EXPECT_LT(last, first);
  int32_t iteration = 0;
  ok(ccaffe_solver_iteration(solver, &iteration));
  EXPECT_EQ(iteration, 61);
  const float* sums = nullptr;
  int32_t count = -1;
  ok(ccaffe_solver_scores(solver, &sums, &count));
  EXPECT_EQ(count, 0);
  ok(ccaffe_solver_test(solver, 0, 10));
  ok(ccaffe_solver_scores(solver, &sums, &count));
  ASSERT_EQ(count, 2);
  EXPECT_GT(sums[0], 9);  // accuracy before loss; sums, not means
  expect_status(ccaffe_solver_test(solver, 1, 1), CCAFFE_INVALID_ARGUMENT, "test net 1");
  expect_status(ccaffe_solver_step(solver, -1, nullptr), CCAFFE_INVALID_ARGUMENT, "-1");
}

TEST(CSolver, WithoutTestNet) {
  const OwnSolver solver("base_lr: 0.1");
  int32_t count = -1;
  ok(ccaffe_solver_num_test_nets(solver, &count));
  EXPECT_EQ(count, 0);
  ccaffe_net* net = nullptr;
  expect_status(ccaffe_solver_test_net(solver, 0, &net), CCAFFE_STATE, "no test net");
  expect_status(ccaffe_solver_test(solver, 0, 1), CCAFFE_STATE, "no test net");
}

TEST(CSolver, TheCounterDrivesTheRate) {
  ccaffe_solver* solver = nullptr;
  ok(create("base_lr: 1 lr_policy: 'step' gamma: 0.5 stepsize: 10 net_param { " +
                caffe::test::fed_net() + " }",
            &solver));
  float rate = 0;
  ok(ccaffe_solver_learning_rate(solver, &rate));
  EXPECT_EQ(rate, 1);
  ok(ccaffe_solver_set_iteration(solver, 25));
  ok(ccaffe_solver_learning_rate(solver, &rate));
  EXPECT_EQ(rate, 0.25f);
  const float own = 0.75f, negative = -1, infinite = INFINITY;
  ok(ccaffe_solver_set_learning_rate(solver, &own));
  ok(ccaffe_solver_set_iteration(solver, 35));
  expect_status(ccaffe_solver_set_learning_rate(solver, &negative), CCAFFE_INVALID_ARGUMENT, "-1");
  expect_status(ccaffe_solver_set_learning_rate(solver, &infinite), CCAFFE_INVALID_ARGUMENT, "inf");
  ok(ccaffe_solver_learning_rate(solver, &rate));
  EXPECT_EQ(rate, own);
  ok(ccaffe_solver_set_learning_rate(solver, nullptr));
  ok(ccaffe_solver_learning_rate(solver, &rate));
  EXPECT_EQ(rate, 0.125f);
  expect_status(ccaffe_solver_set_iteration(solver, -1), CCAFFE_INVALID_ARGUMENT, "-1");
  ok(ccaffe_solver_destroy(solver));
}

// Noise and masks of a step follow the seed, whatever the solver has drawn before.
TEST(CSolver, TheSeedSaysWhatAStepDraws) {
  const std::string text =
      "base_lr: 0.1 lr_policy: 'fixed' momentum: 0.9 net_param { "
      "layer { name: 'noise' type: 'DummyData' top: 'x' top: 'y' dummy_data_param { "
      "  shape { dim: 8 dim: 50 } shape { dim: 8 dim: 2 } "
      "  data_filler { type: 'gaussian' } data_filler { value: 1 } } }"
      "layer { name: 'drop' type: 'Dropout' bottom: 'x' top: 'x' }"
      "layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'z' "
      "  inner_product_param { num_output: 2 } }"
      "layer { name: 'loss' type: 'EuclideanLoss' bottom: 'z' bottom: 'y' top: 'loss' } }";
  ccaffe_solver* solvers[2] = {};
  for (auto& solver : solvers) ok(create(text, &solver));
  ok(ccaffe_solver_step(solvers[0], 3, nullptr));
  std::vector<float> weights(102), history(102);
  int32_t iteration = -1;
  // Weights after one step that begins with those zeros.
  const auto stepped = [&](ccaffe_solver* solver, int64_t seed) {
    ccaffe_net* net = nullptr;
    const std::vector<float> zeros(102);
    ok(ccaffe_solver_net(solver, &net));
    ok(ccaffe_net_write_weights(net, zeros.data(), 102));
    ok(ccaffe_solver_write_history(solver, zeros.data(), 102));
    ok(ccaffe_solver_iteration(solver, &iteration));
    ok(ccaffe_solver_set_seed(solver, seed));
    ok(ccaffe_net_read_weights(net, weights.data(), 102));
    ok(ccaffe_solver_read_history(solver, history.data(), 102));
    EXPECT_EQ(weights, zeros);
    EXPECT_EQ(history, zeros);
    ok(ccaffe_solver_step(solver, 1, nullptr));
    int32_t after = -1;
    ok(ccaffe_solver_iteration(solver, &after));
    EXPECT_EQ(after, iteration + 1);
    ok(ccaffe_net_read_weights(net, weights.data(), 102));
    return weights;
  };
  const auto first = stepped(solvers[0], 5);
  EXPECT_EQ(stepped(solvers[1], 5), first);
  EXPECT_NE(stepped(solvers[1], 6), first);
  EXPECT_EQ(stepped(solvers[1], 5), first);
  expect_status(ccaffe_solver_set_seed(solvers[0], -1), CCAFFE_INVALID_ARGUMENT, "seed -1");
  for (ccaffe_solver* solver : solvers) ok(ccaffe_solver_destroy(solver));
}

TEST(CSolver, HistoryMovesWithTheWeights) {
  const OwnSolver first, second;
  ok(ccaffe_solver_step(first, 3, nullptr));
  int64_t count = 0;
  ok(ccaffe_solver_history_count(first, &count));
  EXPECT_EQ(count, static_cast<int64_t>(first.weights().size()));
  std::vector<float> history(count), copy(count);
  ok(ccaffe_solver_read_history(first, history.data(), count));
  ok(ccaffe_solver_write_history(second, history.data(), count));
  ok(ccaffe_solver_read_history(second, copy.data(), count));
  EXPECT_EQ(copy, history);
  expect_status(ccaffe_solver_write_history(second, history.data(), count - 1), CCAFFE_SHAPE,
                "values were given");
}

TEST(CSolver, SnapshotsRestore) {
  const caffe::test::TempDir dir;
  const OwnSolver first, second;
  ok(ccaffe_solver_step(first, 2, nullptr));
  ccaffe_buffer* files = nullptr;
  ok(ccaffe_solver_snapshot(first, (dir / "s").c_str(), &files));
  EXPECT_EQ(take(files), dir / "s_iter_2.caffemodel\n" + (dir / "s_iter_2.solverstate\n"));
  ccaffe_buffer* report = nullptr;
  ok(ccaffe_solver_restore(second, (dir / "s_iter_2.solverstate").c_str(), &report));
  EXPECT_EQ(take(report), dir / "s_iter_2.caffemodel: took 2 of 2 layers");
  EXPECT_EQ(second.weights(), first.weights());
  int32_t iteration = 0;
  ok(ccaffe_solver_iteration(second, &iteration));
  EXPECT_EQ(iteration, 2);
  expect_status(ccaffe_solver_restore(second, (dir / "none").c_str(), nullptr), CCAFFE_IO,
                dir / "none");
  expect_status(ccaffe_solver_snapshot(first, (dir / "no/s").c_str(), nullptr), CCAFFE_IO, "no/s");
}

// A callback that fails fails the step; weights and counter stay; the solver goes on.
TEST(CSolver, AFailingFeedChangesNothing) {
  OwnSolver solver;
  ok(ccaffe_solver_step(solver, 1, nullptr));
  const auto before = solver.weights();
  solver.feed_status = 3;
  float loss = -7;
  expect_status(ccaffe_solver_step(solver, 5, &loss), CCAFFE_CALLBACK,
                "the feed of layers 'data', 'label' failed with status 3");
  EXPECT_EQ(loss, -7);
  EXPECT_EQ(solver.weights(), before);
  int32_t iteration = 0;
  ok(ccaffe_solver_iteration(solver, &iteration));
  EXPECT_EQ(iteration, 1);
  solver.feed_status = 0;
  ok(ccaffe_solver_step(solver, 1, nullptr));
  EXPECT_NE(solver.weights(), before);
}

TEST(CSolver, LentNetsDieWithIt) {
  ccaffe_net* net = nullptr;
  ccaffe_blob* blob = nullptr;
  {
    const OwnSolver solver;
    net = solver.net();
    ccaffe_net* again = nullptr;
    ok(ccaffe_solver_net(solver, &again));
    EXPECT_EQ(again, net);
    ok(ccaffe_net_blob(net, 0, &blob));
    expect_status(ccaffe_net_destroy(net), CCAFFE_INVALID_ARGUMENT, "belongs to a solver");
  }
  int32_t count = 0;
  expect_status(ccaffe_net_num_layers(net, &count), CCAFFE_INVALID_HANDLE, "net");
  expect_status(ccaffe_blob_shape(blob, nullptr, 0, &count), CCAFFE_INVALID_HANDLE, "blob");
}

TEST(CSolver, BadSolversAreNamed) {
  ccaffe_solver* solver = nullptr;
  expect_status(create("base_lr: 1", &solver), CCAFFE_BAD_NET, "exactly one of net");
  expect_status(create("net: 'no/net.prototxt'", &solver), CCAFFE_IO, "no/net.prototxt");
  expect_status(create("type: 'Newton' net: 'a'", &solver), CCAFFE_BAD_NET, "'Newton'");
  expect_status(ccaffe_solver_create("\xff", 1, 0, &solver), CCAFFE_PARSE, "damaged");
  expect_status(ccaffe_solver_create(nullptr, 1, 0, &solver), CCAFFE_INVALID_ARGUMENT,
                "solver_param is null");
  expect_status(create("net_param { layer { name: 'x' type: 'DummyData' top: 'x' } }", &solver, -1),
                CCAFFE_INVALID_ARGUMENT, "number of threads -1");
  expect_status(ccaffe_solver_destroy(nullptr), CCAFFE_INVALID_ARGUMENT, "solver is null");
  EXPECT_EQ(solver, nullptr);
}

// Calls on one solver are serialised, those on different ones run in parallel.
TEST(CSolver, ManyThreads) {
  const OwnSolver shared;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const OwnSolver own;
      for (int k = 0; k < 5; ++k) {
        EXPECT_EQ(ccaffe_solver_step(shared, 1, nullptr), CCAFFE_OK) << ccaffe_last_error();
        EXPECT_EQ(ccaffe_solver_step(own, 1, nullptr), CCAFFE_OK) << ccaffe_last_error();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  int32_t iteration = 0;
  ok(ccaffe_solver_iteration(shared, &iteration));
  EXPECT_EQ(iteration, 20);
}

}  // namespace
}  // namespace ccaffe_test
