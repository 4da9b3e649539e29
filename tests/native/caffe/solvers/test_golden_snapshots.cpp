// Snapshots against those that Caffe wrote after the same five steps.
#include <gtest/gtest.h>

#include "caffe/io/hdf5_file.hpp"
#include "support/expect_close.hpp"
#include "support/net_case.hpp"
#include "support/npz.hpp"
#include "support/shared_data.hpp"
#include "support/temp_dir.hpp"

namespace caffe {
namespace test {
namespace {

class GoldenSnapshots : public ::testing::TestWithParam<const char*> {
 protected:
  std::string path(const std::string& file) const {
    return shared_path(std::string("golden/nets/") + GetParam() + "/" + file);
  }
  std::string stem() const { return std::string(GetParam()) + "_iter_5"; }
  void SetUp() override {
    if (!readable(path("steps.npz"))) GTEST_SKIP() << "no " << path("steps.npz");
  }
  std::unique_ptr<Solver<float>> solver(const char* format = "binaryproto") const {
    SolverParameter param;
    read_text_file(path(cat("solver_", format, ".prototxt")), &param);
    param.clear_net();
    read_net_file(path("net.prototxt"), param.mutable_net_param());
    return create_solver<float>(param);
  }
  void train(Solver<float>* solver) const {
    const auto arrays = read_npz(path("steps.npz"));
    solver->net().copy_trained_layers_from(path("init.caffemodel"));
    for (int k = 0; k < 5; ++k) {
      for (const char* input : {"data", "label"}) {
        set_values(solver->net().blob(input), arrays.at(cat(input, "/", k)).values);
      }
      solver->step(1);
    }
  }
};

void expect_equal_blobs(const std::string& what, const BlobProto& ours, const BlobProto& theirs) {
  EXPECT_EQ(ours.shape().SerializeAsString(), theirs.shape().SerializeAsString()) << what;
  NpyArray expected;
  expected.values.assign(theirs.data().begin(), theirs.data().end());
  ASSERT_EQ(ours.data_size(), theirs.data_size()) << what;
  expect_close(what, ours.data().data(), expected, 1e-3f);
}

TEST_P(GoldenSnapshots, WrittenAsByCaffe) {
  TempDir dir;
  const auto solver = this->solver();
  train(solver.get());
  const auto files = solver->snapshot(dir / GetParam());
  EXPECT_EQ(files.first, dir / (stem() + ".caffemodel"));
  NetParameter ours, theirs;
  read_binary_file(files.first, &ours);
  read_binary_file(path(stem() + ".caffemodel"), &theirs);
  EXPECT_EQ(ours.name(), theirs.name());
  ASSERT_EQ(ours.layer_size(), theirs.layer_size());
  for (int i = 0; i < ours.layer_size(); ++i) {
    LayerParameter a = ours.layer(i), b = theirs.layer(i);
    ASSERT_EQ(a.blobs_size(), b.blobs_size()) << a.name();
    for (int k = 0; k < a.blobs_size(); ++k) {
      expect_equal_blobs(cat(a.name(), "/", k), a.blobs(k), b.blobs(k));
    }
    a.clear_blobs();
    b.clear_blobs();
    EXPECT_EQ(to_text(a), to_text(b));
  }
  SolverState our_state, their_state;
  read_binary_file(files.second, &our_state);
  read_binary_file(path(stem() + ".solverstate"), &their_state);
  EXPECT_EQ(our_state.iter(), their_state.iter());
  EXPECT_EQ(our_state.current_step(), their_state.current_step());
  ASSERT_EQ(our_state.history_size(), their_state.history_size());
  for (int i = 0; i < our_state.history_size(); ++i) {
    expect_equal_blobs(cat("history ", i), our_state.history(i), their_state.history(i));
  }
}

void expect_equal_datasets(const Hdf5File& ours, const Hdf5File& theirs, const std::string& path) {
  const Shape shape = theirs.shape(path);
  ASSERT_EQ(ours.shape(path), shape) << path;
  std::vector<float> values(product(shape));
  NpyArray expected;
  expected.values.resize(values.size());
  ours.read(path, product(shape), values.data());
  theirs.read(path, product(shape), expected.values.data());
  expect_close(path, values.data(), expected, 1e-3f);
}

TEST_P(GoldenSnapshots, WrittenAsByCaffeInHdf5) {
  TempDir dir;
  const auto solver = this->solver("hdf5");
  train(solver.get());
  const auto files = solver->snapshot(dir / GetParam());
  EXPECT_EQ(files.first, dir / (stem() + ".caffemodel.h5"));
  const Hdf5File ours = Hdf5File::open(files.first);
  const Hdf5File theirs = Hdf5File::open(path(stem() + ".caffemodel.h5"));
  ASSERT_EQ(ours.count("data"), theirs.count("data"));
  for (const auto& layer : solver->net().layers()) {
    const std::string group = "data/" + layer->name();
    ASSERT_TRUE(theirs.exists(group)) << group;
    ASSERT_EQ(ours.count(group), theirs.count(group)) << group;
    for (int64_t i = 0; i < theirs.count(group); ++i) {
      expect_equal_datasets(ours, theirs, cat(group, "/", i));
    }
  }
  const Hdf5File our_state = Hdf5File::open(files.second);
  const Hdf5File their_state = Hdf5File::open(path(stem() + ".solverstate.h5"));
  EXPECT_TRUE(our_state.exists("learned_net_checksum"));  // which Caffe does not read
  ASSERT_EQ(our_state.count("/"), their_state.count("/") + 1);
  ASSERT_EQ(our_state.count("history"), their_state.count("history"));
  for (const char* name : {"iter", "current_step"}) {
    expect_equal_datasets(our_state, their_state, name);
  }
  for (int64_t i = 0; i < their_state.count("history"); ++i) {
    expect_equal_datasets(our_state, their_state, cat("history/", i));
  }
}

TEST_P(GoldenSnapshots, CaffesOwnFilesRestore) {
  for (const char* ending : {"", ".h5"}) {
    SCOPED_TRACE(cat("solverstate", ending));
    const auto trained = solver(), restored = solver();
    train(trained.get());
    restored->restore(path(stem() + ".solverstate" + ending));  // finds the weights beside it
    EXPECT_EQ(restored->iteration(), 5);
    const auto a = weights(restored->net());
    NpyArray expected;
    expected.values = weights(trained->net());
    expect_close("weights", a.data(), expected, 1e-3f);
    std::vector<float> history(restored->history_count());
    restored->read_history(history.data());
    expected.values.resize(history.size());
    trained->read_history(expected.values.data());
    expect_close("history", history.data(), expected, 1e-3f);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, GoldenSnapshots, ::testing::Values("lenet", "cifar10_quick"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace test
}  // namespace caffe
