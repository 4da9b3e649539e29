#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <limits>

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

class SolverPair : public ::testing::TestWithParam<const char*> {
 protected:
  std::string text(const char* more = "") const {
    return std::string("base_lr: 0.01 momentum: 0.9 ") + GetParam() + more;
  }
  TempDir dir_;
};

// The weights of one snapshot and the state of another, or weights that somebody else has written.
TEST_P(SolverPair, AMixedPairIsRefused) {
  const auto solver = fed_solver(text());
  solver->step(1);
  const auto first = solver->snapshot(dir_ / "a");
  solver->step(1);
  const auto second = solver->snapshot(dir_ / "b");
  const auto before = weights(solver->net());
  std::filesystem::copy_file(first.first, second.first,
                             std::filesystem::copy_options::overwrite_existing);
  expect_error(Code::kParse,
               second.first +
                   "' is not the file that was written together with the solver state: "
                   "its checksum is another one",
               [&] { solver->restore(second.second); });
  NetParameter anybodys;
  solver->net().to_proto(&anybodys, true);
  write_file(second.first, anybodys.SerializeAsString());
  expect_error(Code::kParse, "it has no checksum", [&] { solver->restore(second.second); });
  EXPECT_EQ(weights(solver->net()), before);
  EXPECT_EQ(solver->iteration(), 2);
  EXPECT_EQ(solver->restore(first.second).text(), first.first + ": took 2 of 2 layers");
  EXPECT_EQ(solver->iteration(), 1);
}

// A state that Caffe wrote knows no checksum; what it restores must be whole all the same.
TEST_P(SolverPair, MissingLayersAreRefused) {
  const auto solver = fed_solver(text());
  const auto files = solver->snapshot(dir_ / "a");
  ::caffe::SolverState state;
  read_solver_state(files.second, &state);
  state.clear_learned_net_checksum();
  write_solver_state(files.second, state);
  solver->restore(files.second);
  NetParameter fewer;
  solver->net().to_proto(&fewer, true);
  fewer.mutable_layer(fewer.layer_size() - 2)->set_name("other");
  write_file(files.first, fewer.SerializeAsString());
  expect_error(Code::kShape, "some layers of net 'fed' are not in the file: ip",
               [&] { solver->restore(files.second); });
}

TEST_P(SolverPair, ValuesThatAreNotFiniteAreRefused) {
  const auto solver = fed_solver(text());
  solver->step(1);
  std::vector<float> bad = history(*solver);
  const auto good = bad;
  bad[45] = std::numeric_limits<float>::quiet_NaN();  // the first bias of 'conv'
  solver->write_history(bad.data());
  const auto files = solver->snapshot(dir_ / "a");
  solver->write_history(good.data());
  expect_error(Code::kNumeric, files.second + "': history 1 (layer 'conv'): value 0 is nan",
               [&] { solver->restore(files.second); });
  EXPECT_EQ(history(*solver), good);
  std::vector<float> values = weights(solver->net());
  values[0] = std::numeric_limits<float>::infinity();
  solver->net().write_weights(values.data());
  const auto others = solver->snapshot(dir_ / "b");
  expect_error(Code::kNumeric, others.first + ": layer 'conv', parameter 0: value 0 is inf",
               [&] { solver->restore(others.second); });
}

// Files may not grow beyond `bytes` while this lives: what a full disk does to them.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t bytes) : ignored_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, ignored_);
  }

 private:
  rlimit before_;
  void (*ignored_)(int);
};

// Wherever the disk is full, within the weights or within the state, no half of a pair is left,
// and an older pair of the same name is still whole.
TEST_P(SolverPair, AFullDiskLeavesNoHalf) {
  const auto solver = fed_solver(
      text(" type: 'Adam'"),
      "layer { name: 'more' type: 'InnerProduct' bottom: 'conv' top: 'more' inner_product_param { "
      "  num_output: 20 } }");
  solver->step(1);
  const auto old = solver->snapshot(dir_ / "old");
  const auto model_size = std::filesystem::file_size(old.first);
  const auto state_size = std::filesystem::file_size(old.second);
  ASSERT_LT(model_size, state_size);
  const std::string model = read_file(old.first), state = read_file(old.second);
  for (const auto room : {model_size / 2, model_size - 1, model_size, state_size - 1}) {
    for (const char* prefix : {"new", "old"}) {
      {
        const SmallDisk disk(room);
        expect_error(Code::kIo, "cannot be written", [&] { solver->snapshot(dir_ / prefix); });
      }
      EXPECT_EQ(dir_.count_files(), 2) << room;
    }
    EXPECT_EQ(read_file(old.first), model);
    EXPECT_EQ(read_file(old.second), state);
  }
  solver->restore(old.second);
}

// The state cannot come into its place, so the weights leave theirs.
TEST_P(SolverPair, BothFilesAreThereOrNone) {
  const auto solver = fed_solver(text());
  const auto files = solver->snapshot(dir_ / "a");
  std::filesystem::remove(files.first);
  std::filesystem::remove(files.second);
  std::filesystem::create_directory(files.second);
  write_file(files.second + "/in the way", "");
  expect_error(Code::kIo, "a_iter_0.solverstate", [&] { solver->snapshot(dir_ / "a"); });
  EXPECT_EQ(dir_.count_files(), 1);
}

INSTANTIATE_TEST_SUITE_P(Formats, SolverPair,
                         ::testing::Values("snapshot_format: BINARYPROTO",
                                           "snapshot_format: HDF5"));

TEST(SolverSnapshot, WithoutAPrefixThereIsNoSnapshot) {
  expect_error(Code::kState, "prefix", [] { fed_solver("base_lr: 0.01")->snapshot(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
