#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "caffe/io.hpp"
#include "caffe/log.hpp"
#include "caffe/threads.hpp"
#include "support/expect_error.hpp"
#include "support/fed_net.hpp"
#include "support/temp_dir.hpp"

namespace caffe {
namespace test {
namespace {

const char kInput[] =
    "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 3 } } }";
const char kIp[] =
    "layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'y' inner_product_param { "
    "num_output: 2 weight_filler { type: 'gaussian' } } }";

std::unique_ptr<Solver<float>> solver(const std::string& text, const std::string& net = "") {
  return make_solver("base_lr: 1 lr_policy: 'fixed' " + text, net + kInput + kIp);
}

TEST(SolverInit, TypesAreFoundByName) {
  for (const char* type : {"SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam"}) {
    EXPECT_STREQ(solver("type: '" + std::string(type) + "'")->type(), type);
  }
  EXPECT_STREQ(solver("")->type(), "SGD");
  EXPECT_STREQ(solver("solver_type: NESTEROV")->type(), "Nesterov");
  expect_error(Code::kBadNet, "unknown solver type 'Adamm' (known types: AdaDelta, AdaGrad, Adam",
               [] { solver("type: 'Adamm'"); });
}

TEST(SolverInit, NobodyIsWarnedOfAGpuThatWasNotAskedFor) {
  std::vector<std::string> told;
  warnings_to([&](const std::string& text) { told.push_back(text); });
  solver("");
  solver("solver_mode: CPU");
  EXPECT_TRUE(told.empty());
  solver("solver_mode: GPU");
  solver("solver_mode: GPU");
  warnings_to(nullptr);
  // Once in a process, of whose tests another may have had it.
  EXPECT_LE(told.size(), 1u);
  for (const std::string& text : told) {
    EXPECT_NE(text.find("GPU mode was asked for"), std::string::npos) << text;
  }
}

TEST(SolverInit, HistoryBanks) {
  EXPECT_EQ(solver("type: 'SGD'")->history_count(), 8);
  EXPECT_EQ(solver("type: 'Adam'")->history_count(), 16);
  EXPECT_EQ(solver("type: 'AdaDelta'")->num_banks(), 2);
}

TEST(SolverInit, ExactlyOneTrainNet) {
  SolverParameter param;
  expect_error(Code::kBadNet, "exactly one of net, net_param, train_net",
               [&] { create_solver<float>(param); });
  expect_error(Code::kBadNet, "not 2", [] { solver("net: 'a'"); });
  param.set_net("no/such.prototxt");
  expect_error(Code::kIo, "no/such.prototxt", [&] { create_solver<float>(param); });
}

TEST(SolverInit, FieldsOutOfRangeAreRefused) {
  const auto refused = [](const std::string& text, const std::string& part) {
    expect_error(Code::kBadNet, part, [&] { solver(text); });
  };
  refused("average_loss: 0", "average_loss");
  refused("iter_size: 0", "iter_size");
  refused("regularization_type: 'L3'", "'L3'");
  refused("type: 'AdaGrad' momentum: 0.9", "AdaGrad takes no momentum");
  refused("type: 'RMSProp' momentum: 0.9", "RMSProp takes no momentum");
  refused("type: 'RMSProp' rms_decay: 1", "rms_decay must be in [0, 1)");
  refused("test_iter: 1", "test_interval > 0");
  refused("snapshot: 5", "snapshot_prefix");
  expect_error(Code::kBadNet, "lr_policy",
               [] { make_solver("base_lr: 1 lr_policy: 'linear'", std::string(kInput) + kIp); });
}

TEST(SolverInit, AnUnwritableSnapshotPrefixIsNoticedAtOnce) {
  TempDir dir;
  expect_error(Code::kIo, "missing/prefix",
               [&] { solver("snapshot: 5 snapshot_prefix: '" + (dir / "missing/prefix") + "'"); });
  solver("snapshot: 5 snapshot_prefix: '" + (dir / "prefix") + "'");
  EXPECT_EQ(dir.count_files(), 0);
}

TEST(SolverInit, TestNetsInOrder) {
  TempDir dir;
  write_file(dir / "test.prototxt", std::string("name: 'file' ") + kInput + kIp);
  const auto made = solver(
      "test_interval: 1 test_iter: 1 test_iter: 1 test_iter: 1 test_iter: 1 test_net: '" +
          (dir / "test.prototxt") + "' test_net_param { name: 'param' " + kInput + kIp + " }",
      "name: 'generic' ");
  std::vector<std::string> names;
  for (const auto& net : made->test_nets()) {
    names.push_back(net->name());
    EXPECT_EQ(net->phase(), TEST);
  }
  EXPECT_EQ(names, std::vector<std::string>({"param", "file", "generic", "generic"}));
  EXPECT_EQ(made->net().phase(), TRAIN);
}

TEST(SolverInit, TestNetsHaveTheTrainedWeights) {
  const auto made = solver("test_interval: 1 test_iter: 1");
  EXPECT_EQ(&made->test_nets()[0]->layer(1).blobs()[0]->data(),
            &made->net().layer(1).blobs()[0]->data());
}

TEST(SolverInit, StatesAreMerged) {
  const std::string staged =
      "layer { name: 'extra' type: 'ReLU' bottom: 'x' top: 'z' include { stage: 'more' } }";
  const auto made = make_solver(
      "base_lr: 1 lr_policy: 'fixed' test_interval: 1 test_iter: 1 test_iter: 1 "
      "test_state { stage: 'more' } test_state { } train_state { level: 1 }",
      kInput + staged);
  EXPECT_EQ(made->test_nets()[0]->layer_index("extra"), 1);
  EXPECT_EQ(made->test_nets()[1]->layer_index("extra"), -1);
  EXPECT_EQ(made->net().layer_index("extra"), -1);
  expect_error(Code::kBadNet, "test_state",
               [] { solver("test_interval: 1 test_iter: 1 test_iter: 1 test_state { }"); });
}

TEST(SolverInit, WeightsAreLoaded) {
  TempDir dir;
  const auto first = solver("random_seed: 1");
  first->net().save(dir / "a.caffemodel");
  const auto second = solver("random_seed: 2 weights: ' " + (dir / "a.caffemodel") + " , '");
  EXPECT_EQ(weights(second->net()), weights(first->net()));
}

// Nothing is drawn before the first pass, so a new solver shows the stream of every seed.
TEST(SolverInit, ASeedStartsAllNetsAnew) {
  const std::string noise =
      "layer { name: 'noise' type: 'DummyData' top: 'n' "
      "  dummy_data_param { shape { dim: 9 } data_filler { type: 'gaussian' } } }";
  const auto made = [&](int64_t seed) {
    return make_solver(cat("base_lr: 1 lr_policy: 'fixed' test_interval: 1 test_iter: 1 "
                           "test_iter: 1 random_seed: ",
                           seed),
                       noise);
  };
  const auto draws = [](Solver<float>& solver) {
    std::vector<std::vector<float>> all;
    for (Net<float>* net :
         {&solver.net(), solver.test_nets()[0].get(), solver.test_nets()[1].get()}) {
      net->forward();
      all.push_back(values(*net->blob("n")));
    }
    return all;
  };
  const auto used = made(1);
  draws(*used);
  for (const int64_t seed : {int64_t{7}, int64_t{0}, INT64_MAX}) {
    const auto expected = draws(*made(seed));
    EXPECT_NE(expected[0], expected[1]);
    EXPECT_NE(expected[1], expected[2]);
    used->set_seed(seed);
    EXPECT_EQ(draws(*used), expected);
    EXPECT_NE(draws(*used), expected);  // it goes on
  }
  expect_error(Code::kInvalidArgument, "seed -1 is negative", [&] { used->set_seed(-1); });
}

TEST(SolverInit, AllNetsComputeWithItsThreads) {
  SolverParameter param;
  parse_text(
      "base_lr: 1 test_iter: 1 test_interval: 1 net_param { " + std::string(kInput) + kIp + " }",
      "test", &param);
  const auto three = create_solver<float>(param, 3);
  EXPECT_EQ(three->net().threads(), 3);
  EXPECT_EQ(three->test_nets()[0]->threads(), 3);
  EXPECT_EQ(create_solver<float>(param)->net().threads(), threads_or_all(0));
}

TEST(SolverInit, PathsAreRelativeToTheWorkingDirectory) {
  TempDir dir;
  write_file(dir / "net.prototxt", std::string(kInput) + kIp);
  const auto here = std::filesystem::current_path();
  std::filesystem::current_path(dir.path());
  SolverParameter param;
  param.set_net("net.prototxt");
  const auto made = create_solver<float>(param);
  std::filesystem::current_path(here);
  EXPECT_EQ(made->net().num_layers(), 2);
}

}  // namespace
}  // namespace test
}  // namespace caffe
