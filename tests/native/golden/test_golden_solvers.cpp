// Twenty steps of every solver type and lr policy, against Caffe's parameters after each.
#include <dirent.h>
#include <gtest/gtest.h>

#include <iostream>

#include "caffe/io.hpp"
#include "caffe/ops/backend.hpp"
#include "caffe/solver.hpp"
#include "support/backend_orders.hpp"
#include "support/expect_close.hpp"
#include "support/shared_data.hpp"

namespace caffe {
namespace test {
namespace {

const char kFolder[] = "golden/solvers/";

// Names of the trajectories, without ".npz".
std::vector<std::string> trajectories() {
  std::vector<std::string> names;
  DIR* folder = opendir(shared_path(kFolder).c_str());
  if (folder == nullptr) return names;
  while (const dirent* entry = readdir(folder)) {
    const std::string name = entry->d_name;
    const size_t dot = name.find(".npz");
    if (dot != std::string::npos) names.push_back(name.substr(0, dot));
  }
  closedir(folder);
  std::sort(names.begin(), names.end());
  return names;
}

// Part k of an array whose first axis numbers the steps.
size_t part(const NpyArray& array) { return array.values.size() / array.shape[0]; }

void set_part(Blob<float>* blob, const NpyArray& array, size_t k) {
  ASSERT_NE(blob, nullptr);
  ASSERT_EQ(static_cast<size_t>(blob->count()), part(array));
  std::copy_n(array.values.begin() + k * part(array), part(array), blob->data().write());
  blob->data().written();
}

class Trajectory {
 public:
  explicit Trajectory(const std::string& name) {
    arrays_ = read_npz(shared_path(kFolder + name + ".npz"));
    SolverParameter param;
    read_text_file(shared_path(kFolder + name + ".prototxt"), &param);
    param.clear_net();
    read_net_file(shared_path(std::string(kFolder) + "net.prototxt"), param.mutable_net_param());
    solver_ = create_solver<float>(param);
  }

  void run() {
    for_prefix("init/", [&](const std::string& path, const NpyArray& a) {
      Blob<float>* blob = find(path);
      std::copy(a.values.begin(), a.values.end(), blob->data().write());
      blob->data().written();
    });
    const size_t steps = arrays_.at("loss").values.size();
    for (size_t k = 0; k < steps && !::testing::Test::HasFailure(); ++k) {
      SCOPED_TRACE(cat("step ", k));
      set_part(solver_->net().blob("x"), arrays_.at("x"), k);
      set_part(solver_->net().blob("t"), arrays_.at("t"), k);
      solver_->step(1);
      expect_close("loss", solver_->net().blob("loss")->cpu_data(), arrays_.at("loss"), 1e-3f, k,
                   1);
      for_prefix("step/", [&](const std::string& path, const NpyArray& a) {
        expect_close(path, find(path)->cpu_data(), a, 1e-3f, k * part(a), part(a));
      });
    }
  }

 private:
  template <typename Body>
  void for_prefix(const std::string& prefix, const Body& body) const {
    for (const auto& entry : arrays_) {
      if (entry.first.compare(0, prefix.size(), prefix) == 0) {
        body(entry.first.substr(prefix.size()), entry.second);
      }
    }
  }

  // `path`: <layer>/<index>
  Blob<float>* find(const std::string& path) const {
    const size_t slash = path.rfind('/');
    const Net<float>& net = solver_->net();
    return net.layer(net.layer_index(path.substr(0, slash)))
        .blobs()
        .at(std::stoul(path.substr(slash + 1)))
        .get();
  }

  std::map<std::string, NpyArray> arrays_;
  std::unique_ptr<Solver<float>> solver_;
};

class GoldenSolvers : public ::testing::TestWithParam<std::vector<Backend>> {};

TEST_P(GoldenSolvers, FollowCaffe) {
  const std::vector<std::string> names = trajectories();
  if (names.empty()) GTEST_SKIP() << "no " << shared_path(kFolder);
  const BackendScope scope(GetParam());
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    Trajectory(name).run();
  }
  std::cout << "golden solvers: " << names.size() << " trajectories run" << std::endl;
  EXPECT_GE(names.size(), 40u);
}

INSTANTIATE_TEST_SUITE_P(Backends, GoldenSolvers, backend_orders(), order_param_name);

}  // namespace
}  // namespace test
}  // namespace caffe
