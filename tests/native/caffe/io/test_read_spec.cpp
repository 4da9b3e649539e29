#include <gtest/gtest.h>

#include "caffe/io.hpp"
#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace caffe {
namespace test {
namespace {

std::string prefix_of(const TempDir& dir, const std::string& content) {
  write_file(dir / "a.solver.prototxt", content);
  SolverParameter solver;
  read_solver_file(dir / "a.solver.prototxt", &solver);
  return solver.snapshot_prefix();
}

TEST(ReadSpec, SnapshotPrefixComesFromTheFileName) {
  TempDir dir;
  EXPECT_EQ(prefix_of(dir, ""), dir / "a.solver");
  EXPECT_EQ(prefix_of(dir, "snapshot_prefix: 'here'"), "here");
  EXPECT_EQ(prefix_of(dir, "snapshot_prefix: '" + dir.path() + "'"), dir / "a.solver");
}

TEST(ReadSpec, ADotInTheFolderIsNoExtension) {
  TempDir dir;
  std::filesystem::create_directory(dir / "v1.0");
  write_file(dir / "v1.0/solver", "");
  SolverParameter solver;
  read_solver_file(dir / "v1.0/solver", &solver);
  EXPECT_EQ(solver.snapshot_prefix(), dir / "v1.0/solver");
}

TEST(ReadSpec, NetsAreUpgraded) {
  TempDir dir;
  write_file(dir / "net.prototxt", "input: 'x' input_shape { dim: 1 }");
  NetParameter net;
  read_net_file(dir / "net.prototxt", &net);
  EXPECT_EQ(net.layer(0).type(), "Input");
}

// The repository's own models, so that none of them is broken.
TEST(ReadSpec, ExamplesParse) {
  int nets = 0, solvers = 0;
  for (const char* root : {"caffe/examples", "caffe/models"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      const std::string path = entry.path().string();
      if (entry.path().extension() != ".prototxt") continue;
      if (path.find("solver") != std::string::npos) {
        SolverParameter solver;
        read_solver_file(path, &solver);
        ++solvers;
      } else {
        NetParameter net;
        read_net_file(path, &net);
        EXPECT_GT(net.layer_size(), 0) << path;
        ++nets;
      }
    }
  }
  EXPECT_GE(nets, 6);
  EXPECT_GE(solvers, 4);
}

}  // namespace
}  // namespace test
}  // namespace caffe
