// Whole trainings: solve, and what is asked of a running solver.
#include <gtest/gtest.h>

#include "caffe/log.hpp"
#include "support/expect_error.hpp"
#include "support/fed_net.hpp"
#include "support/temp_dir.hpp"

namespace caffe {
namespace test {
namespace {

const char kTested[] = "base_lr: 0.01 test_iter: 2 test_interval: 5 display: 5 ";

std::string prefix(const TempDir& dir) { return "snapshot_prefix: '" + (dir / "p") + "' "; }

// What is logged while `body` runs.
template <typename Body>
std::string logged(const Body& body) {
  TempDir dir;
  log_to(dir / "log", LogLevel::kInfo);
  body();
  log_to("", LogLevel::kInfo);
  return read_file(dir / "log");
}

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(Solve, StepsTestsAndSnapshotsAsThePrototxtSays) {
  TempDir dir;
  const auto solver = fed_solver(kTested + prefix(dir) + "max_iter: 7 snapshot: 5");
  const std::string text = logged([&] { solver->solve(); });
  EXPECT_EQ(solver->iteration(), 7);
  EXPECT_EQ(count(text, "Testing net (#0)"), 2) << text;  // at 0 and 5
  EXPECT_EQ(dir.count_files(), 4);
  EXPECT_TRUE(std::filesystem::exists(dir / "p_iter_5.caffemodel"));
  EXPECT_TRUE(std::filesystem::exists(dir / "p_iter_7.solverstate"));
  EXPECT_EQ(count(text, "Optimization Done."), 1);
}

TEST(Solve, TheLastLossAndTestAreShownWhereTheyAreDue) {
  TempDir dir;
  const auto solver =
      fed_solver(kTested + prefix(dir) + "max_iter: 10 snapshot: 5 test_initialization: false");
  const std::string text = logged([&] { solver->solve(); });
  EXPECT_EQ(count(text, "Iteration 10, loss = "), 1) << text;
  EXPECT_EQ(count(text, "Iteration 10, Testing net (#0)"), 1);
  EXPECT_EQ(count(text, "Iteration 0, Testing"), 0);
  EXPECT_EQ(dir.count_files(), 4);  // that of iteration 10 is not written twice
}

TEST(Solve, SnapshotAfterTrainMayBeOff) {
  TempDir dir;
  fed_solver("base_lr: 0.01 max_iter: 2 snapshot_after_train: false " + prefix(dir))->solve();
  EXPECT_EQ(dir.count_files(), 0);
  fed_solver("base_lr: 0.01 max_iter: 2 " + prefix(dir))->solve();
  EXPECT_EQ(dir.count_files(), 2);
}

TEST(Solve, ASnapshotThatCannotBeWrittenIsNoticedFirst) {
  const auto solver = fed_solver("base_lr: 0.01 max_iter: 2");
  expect_error(Code::kState, "snapshot_prefix", [&] { solver->solve(); });
  EXPECT_EQ(solver->iteration(), 0);
  const auto nowhere = fed_solver("base_lr: 0.01 max_iter: 2 snapshot_prefix: '/no/such/place'");
  expect_error(Code::kIo, "'/no/such/place': No such file", [&] { nowhere->solve(); });
  EXPECT_EQ(nowhere->iteration(), 0);
}

TEST(Solve, GoesOnFromAState) {
  TempDir dir;
  const std::string text = "base_lr: 0.01 momentum: 0.9 max_iter: 6 " + prefix(dir);
  const auto first = fed_solver(text);
  first->step(4);
  const auto files = first->snapshot();
  const auto second = fed_solver(text, "", 9);
  second->solve(files.second);
  EXPECT_EQ(second->iteration(), 6);
  first->net().set_feed(Feeder());
  first->solve();
  EXPECT_EQ(weights(second->net()), weights(first->net()));
}

// Answers once, before or after iteration `when`.
Solver<float>::RequestSource once(const Solver<float>& solver, int when, SolverRequest request) {
  return [&solver, when, request, asked = false]() mutable {
    if (asked || solver.iteration() != when) return SolverRequest::kNone;
    asked = true;
    return request;
  };
}

TEST(SolverRequests, StopEndsTheTraining) {
  TempDir dir;
  const auto solver = fed_solver("base_lr: 0.01 max_iter: 9 " + prefix(dir));
  solver->set_request_source(once(*solver, 3, SolverRequest::kStop));
  const std::string text = logged([&] { solver->solve(); });
  EXPECT_EQ(solver->iteration(), 3);
  EXPECT_TRUE(solver->stopped());
  EXPECT_EQ(count(text, "Optimization stopped early."), 1);
  EXPECT_TRUE(std::filesystem::exists(dir / "p_iter_3.caffemodel"));
  solver->step(1);
  EXPECT_FALSE(solver->stopped());
  EXPECT_EQ(solver->iteration(), 4);
}

TEST(SolverRequests, StopEndsATest) {
  const auto solver = fed_solver(kTested);
  solver->set_auto_test(true);
  solver->set_request_source(once(*solver, 0, SolverRequest::kStop));
  const auto before = weights(solver->net());
  const std::string text = logged([&] { solver->step(3); });
  EXPECT_EQ(solver->iteration(), 0);
  EXPECT_EQ(weights(solver->net()), before);
  EXPECT_EQ(count(text, "Test interrupted."), 1);
  EXPECT_EQ(count(text, "Test net output"), 0);
}

TEST(SolverRequests, SnapshotIsWrittenAndTrainingGoesOn) {
  TempDir dir;
  const auto solver = fed_solver("base_lr: 0.01 " + prefix(dir));
  solver->set_request_source(once(*solver, 2, SolverRequest::kSnapshot));
  solver->step(4);
  EXPECT_EQ(solver->iteration(), 4);
  EXPECT_TRUE(std::filesystem::exists(dir / "p_iter_2.solverstate"));
  EXPECT_EQ(dir.count_files(), 2);
}

// Losses of 2 each: one that is an output with half its weight, one without a name.
TEST(SolverTest, TheTestLossCountsEveryLoss) {
  const auto solver = make_solver(
      "base_lr: 0.01 lr_policy: 'fixed' test_iter: 3 test_interval: 1 test_compute_loss: true",
      "layer { name: 'd' type: 'DummyData' top: 'a' top: 'b' dummy_data_param { "
      "  shape { dim: 1 dim: 1 } data_filler { value: 3 } data_filler { value: 1 } } }"
      "layer { name: 'e' type: 'EuclideanLoss' bottom: 'a' bottom: 'b' top: 'e' loss_weight: 0.5 }"
      "layer { name: 'f' type: 'EuclideanLoss' bottom: 'a' bottom: 'b' }");
  solver->set_auto_test(true);
  const std::string text = logged([&] { solver->step(1); });
  EXPECT_EQ(count(text, "Test loss: 3\n"), 1) << text;
  EXPECT_EQ(count(text, "Test net output #0: e = 2 (* 0.5 = 1 loss)"), 1) << text;
}

TEST(SolverTest, DebugInfoIsAlwaysOnInTestNets) {
  const auto solver = fed_solver(std::string(kTested) + "debug_info: true");
  const std::string text = logged([&] { solver->test(0, 1); });
  EXPECT_EQ(count(text, "[Forward] Layer ip, top blob ip data: "), 1) << text;
}

TEST(SolverTest, WeightsGoToLayersOfTestNetsToo) {
  TempDir dir;
  const std::string only_test =
      "layer { name: 'extra' type: 'InnerProduct' bottom: 'conv' top: 'extra' "
      "  include { phase: TEST } inner_product_param { num_output: 1 "
      "  weight_filler { type: 'gaussian' } } }";
  const std::string text = "base_lr: 0.01 test_iter: 1 test_interval: 5 ";
  const auto first = fed_solver(text, only_test);
  first->test_nets()[0]->save(dir / "w.caffemodel");
  const auto second = fed_solver(text + "weights: '" + (dir / "w.caffemodel") + "'", only_test, 8);
  EXPECT_EQ(weights(*second->test_nets()[0]), weights(*first->test_nets()[0]));
  EXPECT_EQ(weights(second->net()), weights(first->net()));
}

}  // namespace
}  // namespace test
}  // namespace caffe
