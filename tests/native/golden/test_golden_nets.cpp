// Five solver steps of whole nets, against Caffe's losses, weights and blobs.
#include <gtest/gtest.h>

#include "caffe/io.hpp"
#include "caffe/solver.hpp"
#include "support/backend_orders.hpp"
#include "support/expect_close.hpp"
#include "support/shared_data.hpp"

namespace caffe {
namespace test {
namespace {

struct Model {
  std::string name;
  std::vector<Backend> order;
};

class GoldenNets : public ::testing::TestWithParam<Model> {
 protected:
  static std::string path(const std::string& file) {
    return shared_path("golden/nets/" + GetParam().name + "/" + file);
  }
  static NpyArray to_array(const BlobProto& blob) {
    NpyArray array;
    array.values.assign(blob.data().begin(), blob.data().end());
    return array;
  }
};

TEST_P(GoldenNets, FollowCaffe) {
  if (!readable(path("steps.npz"))) GTEST_SKIP() << "no " << path("steps.npz");
  const BackendScope scope(GetParam().order);
  const auto arrays = read_npz(path("steps.npz"));
  SolverParameter param;
  read_text_file(path("solver_binaryproto.prototxt"), &param);
  param.clear_net();
  read_net_file(path("net.prototxt"), param.mutable_net_param());
  auto solver = create_solver<float>(param);
  Net<float>& net = solver->net();
  net.copy_trained_layers_from(path("init.caffemodel"));
  for (int k = 0; k < 5; ++k) {
    for (const char* input : {"data", "label"}) {
      const NpyArray& values = arrays.at(cat(input, "/", k));
      ASSERT_EQ(net.blob(input)->shape(), values.shape);
      std::copy(values.values.begin(), values.values.end(), net.blob(input)->mutable_cpu_data());
    }
    solver->step(1);
    expect_close(cat("loss ", k), net.blob("loss")->cpu_data(), arrays.at(cat("loss/", k)), 1e-3f);
  }
  NetParameter trained;
  read_binary_file(path(GetParam().name + "_iter_5.caffemodel"), &trained);
  for (const LayerParameter& layer : trained.layer()) {
    for (int i = 0; i < layer.blobs_size(); ++i) {
      const Blob<float>& blob = *net.layer(net.layer_index(layer.name())).blobs()[i];
      ASSERT_EQ(blob.count(), layer.blobs(i).data_size()) << layer.name();
      expect_close(cat(layer.name(), "/", i), blob.cpu_data(), to_array(layer.blobs(i)), 1e-3f);
    }
  }
  net.forward();
  expect_close("loss after", net.blob("loss")->cpu_data(), arrays.at("loss/after"), 1e-3f);
  for (const auto& entry : arrays) {
    if (entry.first.compare(0, 5, "blob/") != 0) continue;
    const Blob<float>* blob = net.blob(entry.first.substr(5));
    ASSERT_NE(blob, nullptr) << entry.first;
    expect_close(entry.first, blob->cpu_data(), entry.second, 1e-3f);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, GoldenNets,
                         ::testing::Values(Model{"lenet", backend_order()},
                                           Model{"lenet", {Backend::kReference}},
                                           Model{"cifar10_quick", backend_order()},
                                           Model{"cifar10_quick", {Backend::kReference}}),
                         [](const ::testing::TestParamInfo<Model>& info) {
                           return info.param.name + "_" + order_name(info.param.order);
                         });

}  // namespace
}  // namespace test
}  // namespace caffe
