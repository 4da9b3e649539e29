#include <gtest/gtest.h>

#include "caffe/io/hdf5_file.hpp"
#include "support/expect_error.hpp"
#include "support/fed_net.hpp"
#include "support/temp_dir.hpp"

namespace caffe {
namespace test {
namespace {

std::vector<float> history(const Solver<float>& solver) {
  std::vector<float> all(solver.history_count());
  solver.read_history(all.data());
  return all;
}

class SolverState : public ::testing::TestWithParam<const char*> {};

// Training on after a restore is the same as training on without it.
TEST_P(SolverState, TrainingGoesOnWhereItWas) {
  TempDir dir;
  const std::string text = std::string("base_lr: 0.01 ") + GetParam();
  const auto first = fed_solver(text);
  first->step(4);
  const auto files = first->snapshot(dir / "s");
  EXPECT_EQ(files.first, dir / "s_iter_4.caffemodel");
  EXPECT_EQ(files.second, dir / "s_iter_4.solverstate");
  const auto second = fed_solver(text, "", 77);
  second->restore(files.second);
  EXPECT_EQ(second->iteration(), 4);
  EXPECT_EQ(weights(second->net()), weights(first->net()));
  EXPECT_EQ(history(*second), history(*first));
  for (Solver<float>* solver : {first.get(), second.get()}) {
    solver->net().set_feed(Feeder());
    solver->step(3);
  }
  EXPECT_EQ(weights(second->net()), weights(first->net()));
}

INSTANTIATE_TEST_SUITE_P(Types, SolverState,
                         ::testing::Values("type: 'SGD' momentum: 0.9", "type: 'Adam'",
                                           "type: 'AdaDelta' momentum: 0.9 delta: 1e-6"));

TEST(SolverSnapshot, MultistepRemembersItsStep) {
  TempDir dir;
  const std::string net = fed_net();
  const std::string text =
      "base_lr: 1e-3 lr_policy: 'multistep' gamma: 0.1 stepvalue: 1 stepvalue: 2 stepvalue: 50";
  const auto first = make_solver(text, net);
  first->net().set_feed(Feeder());
  first->step(3);
  const auto files = first->snapshot(dir / "s");
  const auto second = make_solver(text, net);
  second->restore(files.second);
  EXPECT_FLOAT_EQ(second->learning_rate(), 1e-5f);
  const auto third = make_solver(text, net);
  third->set_iteration(3);
  EXPECT_FLOAT_EQ(third->learning_rate(), 1e-5f);
  third->set_iteration(0);
  EXPECT_FLOAT_EQ(third->learning_rate(), 1e-3f);
}

TEST(SolverSnapshot, PeriodicSnapshotsUseThePrefix) {
  TempDir dir;
  const auto solver =
      fed_solver("base_lr: 0.01 snapshot: 2 snapshot_prefix: '" + (dir / "p") + "'");
  solver->step(5);
  EXPECT_EQ(dir.count_files(), 4);
  EXPECT_FALSE(read_file(dir / "p_iter_4.solverstate").empty());
}

TEST(SolverSnapshot, Hdf5) {
  TempDir dir;
  const std::string text = "base_lr: 0.01 type: 'Adam' snapshot_format: HDF5 snapshot_diff: true";
  const auto first = fed_solver(text);
  first->step(4);
  const auto files = first->snapshot(dir / "s");
  EXPECT_EQ(files.first, dir / "s_iter_4.caffemodel.h5");
  EXPECT_EQ(files.second, dir / "s_iter_4.solverstate.h5");
  EXPECT_EQ(dir.count_files(), 2);
  EXPECT_TRUE(Hdf5File::open(files.first).exists("diff"));
  EXPECT_EQ(Hdf5File::open(files.second).read_string("learned_net"), files.first);
  const auto second = fed_solver(text, "", 77);
  second->restore(files.second);
  EXPECT_EQ(second->iteration(), 4);
  EXPECT_EQ(weights(second->net()), weights(first->net()));
  EXPECT_EQ(history(*second), history(*first));
  const auto sgd = fed_solver("base_lr: 0.01");
  expect_error(Code::kShape, "has 8 history blobs, but this SGD solver has 4",
               [&] { sgd->restore(files.second); });
}

TEST(SolverSnapshot, DiffsAreWrittenOnRequest) {
  TempDir dir;
  const auto solver = fed_solver("base_lr: 0.01 snapshot_diff: true");
  solver->step(1);
  NetParameter net;
  read_binary_file(solver->snapshot(dir / "p").first, &net);
  EXPECT_EQ(net.layer(2).blobs(0).diff_size(), net.layer(2).blobs(0).data_size());
}

// As in Caffe, a diff is what the last update subtracted. Momentum 0.5 and a rate of 0.1 from a
// gradient of 1 that never changes: 0.1, then 0.15.
TEST(SolverSnapshot, DiffsAreStepsOfTheUpdate) {
  TempDir dir;
  const auto solver = make_solver(
      "base_lr: 0.1 lr_policy: 'fixed' momentum: 0.5 snapshot_diff: true",
      "layer { name: 'w' type: 'Parameter' top: 'w' parameter_param { shape { dim: 3 } } }"
      "layer { name: 'sum' type: 'Reduction' bottom: 'w' top: 'sum' loss_weight: 1 }");
  for (const float expected : {0.1f, 0.15f}) {
    solver->step(1);
    NetParameter net;
    read_binary_file(solver->snapshot(dir / "p").first, &net);
    for (float step : net.layer(0).blobs(0).diff()) EXPECT_FLOAT_EQ(step, expected);
  }
  EXPECT_FLOAT_EQ(weights(solver->net())[0], -0.25f);
}

TEST(SolverSnapshot, AStateThatNamesNoWeightsIsDamaged) {
  TempDir dir;
  const auto solver = fed_solver("base_lr: 0.01");
  caffe::SolverState state;
  read_solver_state(solver->snapshot(dir / "p").second, &state);
  state.set_learned_net("");
  write_solver_state(dir / "a.solverstate", state);
  expect_error(Code::kParse, "a.solverstate' is damaged: it names no caffemodel",
               [&] { solver->restore(dir / "a.solverstate"); });
}

TEST(SolverSnapshot, AMovedPairStaysTogether) {
  TempDir dir;
  const auto first = fed_solver("base_lr: 0.01");
  first->step(1);
  first->snapshot(dir / "p");
  std::filesystem::create_directory(dir / "moved");
  for (const char* name : {"p_iter_1.caffemodel", "p_iter_1.solverstate"}) {
    std::filesystem::rename(dir / name, dir / ("moved/" + std::string(name)));
  }
  const auto second = fed_solver("base_lr: 0.01");
  second->restore(dir / "moved/p_iter_1.solverstate");
  EXPECT_EQ(weights(second->net()), weights(first->net()));
}

TEST(SolverSnapshot, AStateThatDoesNotFitChangesNothing) {
  TempDir dir;
  const auto sgd = fed_solver("base_lr: 0.01");
  sgd->step(1);
  const auto files = sgd->snapshot(dir / "p");
  const auto adam = fed_solver("base_lr: 0.01 type: 'Adam'");
  const auto before = weights(adam->net());
  expect_error(Code::kShape, "has 4 history blobs, but this Adam solver has 8",
               [&] { adam->restore(files.second); });
  expect_error(Code::kIo, "none.solverstate", [&] { adam->restore(dir / "none.solverstate"); });
  // A state whose weights are gone.
  std::filesystem::remove(files.first);
  const auto other = fed_solver("base_lr: 0.01");
  expect_error(Code::kIo, "p_iter_1.caffemodel", [&] { other->restore(files.second); });
  EXPECT_EQ(other->iteration(), 0);
  EXPECT_EQ(weights(adam->net()), before);
}

TEST(SolverSnapshot, CountersOfADamagedStateAreRefused) {
  TempDir dir;
  const auto solver = fed_solver("base_lr: 0.01");
  ::caffe::SolverState good;
  read_binary_file(solver->snapshot(dir / "p").second, &good);
  const auto restore = [&](int iteration, int step) {
    ::caffe::SolverState state = good;
    state.set_iter(iteration);
    state.set_current_step(step);
    write_binary_file(dir / "bad", state);
    solver->restore(dir / "bad");
  };
  expect_error(Code::kParse, "iteration -1 and step 0", [&] { restore(-1, 0); });
  expect_error(Code::kParse, "iteration 2 and step -7", [&] { restore(2, -7); });
  EXPECT_EQ(solver->iteration(), 0);
  restore(2147483647, 0);
  expect_error(Code::kInvalidArgument, "1 iterations after iteration 2147483647",
               [&] { solver->step(1); });
}

TEST(SolverSnapshot, WithoutAPrefixThereIsNoSnapshot) {
  expect_error(Code::kState, "prefix", [] { fed_solver("base_lr: 0.01")->snapshot(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
