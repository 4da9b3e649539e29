#include <gtest/gtest.h>

#include "caffe/io.hpp"
#include "caffe/io/hdf5_file.hpp"
#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace caffe {
namespace test {
namespace {

SolverState some_state() {
  SolverState state;
  parse_text(
      "iter: 12 current_step: 3 learned_net: 'a/w.caffemodel.h5' "
      "history { shape { dim: 2 dim: 1 } data: 1 data: -2.5 } history { shape { } data: 7 } "
      "history { shape { dim: 1 } double_data: 0.1 }",
      "test", &state);
  return state;
}

TEST(SolverStateFile, BothFormsHoldTheSame) {
  TempDir dir;
  write_solver_state(dir / "a.solverstate", some_state());
  write_solver_state(dir / "a.solverstate.h5", some_state());
  EXPECT_FALSE(Hdf5File::recognises(dir / "a.solverstate"));
  EXPECT_TRUE(Hdf5File::recognises(dir / "a.solverstate.h5"));
  SolverState binary, hdf5;
  read_solver_state(dir / "a.solverstate", &binary);
  EXPECT_EQ(binary.SerializeAsString(), some_state().SerializeAsString());
  read_solver_state(dir / "a.solverstate.h5", &hdf5);
  SolverState floats = some_state();  // HDF5 is read as floats
  floats.mutable_history(2)->clear_double_data();
  floats.mutable_history(2)->add_data(0.1f);
  EXPECT_EQ(hdf5.SerializeAsString(), floats.SerializeAsString());
  EXPECT_EQ(dir.count_files(), 2);
}

TEST(SolverStateFile, TheNameTellsTheForm) {
  TempDir dir;
  write_solver_state(dir / "a.solverstate", some_state());
  std::filesystem::rename(dir / "a.solverstate", dir / "a.h5");
  SolverState state;
  expect_error(Code::kParse, "a.h5' is no HDF5 file",
               [&] { read_solver_state(dir / "a.h5", &state); });
  write_solver_state(dir / "b.h5", some_state());
  std::filesystem::rename(dir / "b.h5", dir / "b.solverstate");
  expect_error(Code::kParse, "b.solverstate' is an HDF5 file",
               [&] { read_solver_state(dir / "b.solverstate", &state); });
}

TEST(SolverStateFile, WhatIsMissingIsNamed) {
  TempDir dir;
  const std::string name = dir / "a.h5";
  const int one = 1, two[] = {1, 2};
  SolverState state;
  const auto expect_missing = [&](Code code, const char* part) {
    expect_error(code, part, [&] { read_solver_state(name, &state); });
  };
  Hdf5File::create(name, name).close();
  expect_missing(Code::kParse, "a.h5' has no dataset 'iter'");
  {
    Hdf5File file = Hdf5File::create(name, name);
    file.write("iter", {2}, two);
    file.close();
  }
  expect_missing(Code::kShape, "dataset 'iter' has the shape 2 (2), where 1 values");
  {
    Hdf5File file = Hdf5File::create(name, name);
    file.write("iter", {1}, &one);
    file.write("current_step", {1}, &one);
    file.close();
  }
  expect_missing(Code::kParse, "has no group 'history'");
  {
    Hdf5File file = Hdf5File::create(name, name);
    file.write("iter", {1}, &one);
    file.write("current_step", {1}, &one);
    file.make_group("history/1");
    file.close();
  }
  expect_missing(Code::kParse, "has no dataset 'history/0'");
}

}  // namespace
}  // namespace test
}  // namespace caffe
