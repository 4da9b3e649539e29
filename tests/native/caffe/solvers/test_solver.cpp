#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "caffe/log.hpp"
#include "support/expect_error.hpp"
#include "support/fed_net.hpp"
#include "support/temp_dir.hpp"

namespace caffe {
namespace test {
namespace {

const char kTested[] = "base_lr: 0.05 momentum: 0.9 test_iter: 4 test_interval: 5 ";

TEST(Solver, LearnsARule) {
  const auto solver = fed_solver(kTested);
  const float before = solver->step(1);
  solver->step(60);
  EXPECT_LT(solver->step(1), 0.5f * before);
  EXPECT_EQ(solver->iteration(), 62);
  // Outputs in alphabetical order; sums over 10 batches.
  const std::vector<float> sums = solver->test(0, 10);
  ASSERT_EQ(sums.size(), 2u);
  EXPECT_GT(sums[0], 9);
  EXPECT_LT(sums[1], 5);
}

TEST(Solver, NoStepsAndNoBatches) {
  const auto solver = fed_solver(kTested);
  EXPECT_EQ(solver->step(0), 0);
  EXPECT_EQ(solver->iteration(), 0);
  EXPECT_TRUE(solver->test(0, 0).empty());
  expect_error(Code::kInvalidArgument, "-1", [&] { solver->step(-1); });
  expect_error(Code::kInvalidArgument, "-2", [&] { solver->test(0, -2); });
  expect_error(Code::kInvalidArgument, "test net 1", [&] { solver->test(1, 1); });
}

TEST(Solver, WorksWithoutTestNet) {
  const auto solver = fed_solver("base_lr: 0.1");
  solver->step(1);
  expect_error(Code::kState, "no test net", [&] { solver->test(0, 1); });
}

TEST(Solver, EqualSeedAndThreadsRepeatExactly) {
  const std::string dropout = "layer { name: 'drop' type: 'Dropout' bottom: 'conv' top: 'conv' }";
  const auto run = [&](const std::string& seed) {
    const auto solver =
        make_solver("lr_policy: 'fixed' base_lr: 0.1 momentum: 0.5 " + seed, fed_net(dropout));
    solver->net().set_feed(Feeder());
    solver->step(5);
    return weights(solver->net());
  };
  EXPECT_EQ(run("random_seed: 9"), run("random_seed: 9"));
  EXPECT_NE(run("random_seed: 9"), run("random_seed: 10"));
}

// Testing in between changes nothing about training.
TEST(Solver, TestsDoNotDisturbTraining) {
  const std::string dropout = "layer { name: 'drop' type: 'Dropout' bottom: 'conv' top: 'conv' }";
  const auto plain = fed_solver(kTested, dropout), tested = fed_solver(kTested, dropout);
  plain->step(4);
  for (int i = 0; i < 4; ++i) {
    tested->test(0, 2);
    tested->step(1);
  }
  EXPECT_EQ(weights(plain->net()), weights(tested->net()));
}

// A failing iteration leaves weights, history and counter alone, and training can go on.
TEST(Solver, AFailingIterationChangesNothing) {
  const auto solver = fed_solver("base_lr: 0.1 momentum: 0.9");
  solver->step(3);
  std::vector<float> history(solver->history_count());
  solver->read_history(history.data());
  const auto before = weights(solver->net());
  const auto expect_unchanged = [&] {
    std::vector<float> now(solver->history_count());
    solver->read_history(now.data());
    EXPECT_EQ(weights(solver->net()), before);
    EXPECT_EQ(now, history);
    EXPECT_EQ(solver->iteration(), 3);
  };
  const auto feed = [&](float pixel, float label) {
    solver->net().set_feed([=](const std::vector<float*>& tops, const std::vector<int64_t>& n) {
      std::fill_n(tops[0], n[0], pixel);
      std::fill_n(tops[1], n[1], label);
    });
  };
  feed(std::numeric_limits<float>::quiet_NaN(), 0);
  expect_error(Code::kNumeric,
               "iteration 3: the loss is nan, as the data of layer 'data' are not finite; the "
               "weights are kept as they were",
               [&] { solver->step(1); });
  expect_unchanged();
  feed(0, 3);
  expect_error(Code::kNumeric, "layer 'loss'", [&] { solver->step(1); });
  expect_unchanged();
  solver->net().set_feed([](const auto&, const auto&) { fail(Code::kCallback, "boom"); });
  expect_error(Code::kCallback, "boom", [&] { solver->step(1); });
  expect_unchanged();
  solver->net().set_feed(Feeder());
  solver->step(1);
  EXPECT_EQ(solver->iteration(), 4);
}

TEST(Solver, ALossThatIsNotFiniteTellsTheLayer) {
  const auto solver = fed_solver("base_lr: 0.1");
  Net<float>& net = solver->net();
  const auto set_first = [&](const std::string& layer, float value) {
    net.layer(net.layer_index(layer)).blobs()[0]->data().read_write()[0] = value;
  };
  set_first("conv", std::numeric_limits<float>::infinity());
  expect_error(Code::kNumeric,
               "iteration 0: the loss is nan: layer 'conv' is the first whose weights are not "
               "finite; the weights are kept as they were (a smaller base_lr",
               [&] { solver->step(1); });
  // Each value is one that a float has, and their products are not.
  for (const auto& blob : net.layer(net.layer_index("conv")).blobs()) {
    std::fill_n(blob->data().read_write(), blob->count(), 1e30f);
  }
  for (const auto& blob : net.layer(net.layer_index("ip")).blobs()) {
    std::fill_n(blob->data().read_write(), blob->count(), 1e30f);
  }
  expect_error(Code::kNumeric, "layer 'ip' is the first whose output is not finite",
               [&] { solver->step(1); });
}

const char kNormalised[] =
    "layer { name: 'bn' type: 'BatchNorm' bottom: 'conv' top: 'conv' } "
    "layer { name: 'bn2' type: 'BatchNorm' bottom: 'conv' top: 'conv' param { name: 'a' lr_mult: 0 "
    "  } param { name: 'b' lr_mult: 0 } param { name: 'c' lr_mult: 0 } } "
    "layer { name: 'bn3' type: 'BatchNorm' bottom: 'conv' top: 'conv' param { name: 'a' lr_mult: 0 "
    "  } param { name: 'b' lr_mult: 0 } param { name: 'c' lr_mult: 0 } }";

// Running statistics are no exception, wherever the iteration fails: in the data, in a later pass
// of iter_size, in a layer behind the BatchNorm, in the gradients.
TEST(Solver, AFailingIterationKeepsRunningStatistics) {
  const auto solver =
      fed_solver("base_lr: 0.1 momentum: 0.9 iter_size: 2 clip_gradients: 1", kNormalised);
  solver->step(2);
  const auto before = weights(solver->net());
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto expect_kept = [&](Code code, float pixel, float label, bool in_second_pass) {
    int passes = 0;
    solver->net().set_feed([&](const std::vector<float*>& tops, const std::vector<int64_t>& n) {
      Feeder()(tops, n);
      if (passes++ == 0 && in_second_pass) return;
      std::fill_n(tops[0], n[0], pixel);
      std::fill_n(tops[1], n[1], label);
    });
    expect_error(code, "", [&] { solver->step(1); });
    EXPECT_EQ(weights(solver->net()), before);
  };
  expect_kept(Code::kNumeric, nan, 0, false);
  expect_kept(Code::kNumeric, std::numeric_limits<float>::infinity(), 0, true);
  expect_kept(Code::kNumeric, 0.5f, 7, true);
  int passes = 0;
  solver->net().set_feed([&](const std::vector<float*>& tops, const std::vector<int64_t>& n) {
    if (++passes == 2) fail(Code::kCallback, "boom");
    Feeder()(tops, n);
  });
  expect_error(Code::kCallback, "boom", [&] { solver->step(1); });
  EXPECT_EQ(weights(solver->net()), before);
  solver->net().set_feed(Feeder());
  solver->step(1);
  for (float value : weights(solver->net())) EXPECT_TRUE(std::isfinite(value));
  EXPECT_NE(weights(solver->net()), before);
}

// Outside of a solver Caffe's rule holds: every forward pass counts.
TEST(Solver, AForwardPassByItselfMovesRunningStatistics) {
  const auto solver = fed_solver("base_lr: 0.1", kNormalised);
  const auto before = weights(solver->net());
  solver->net().forward();
  EXPECT_NE(weights(solver->net()), before);
}

// Steps of one iteration each, to compare with.
std::vector<float> single_losses(const std::string& text, int n) {
  const auto solver = fed_solver(text);
  std::vector<float> losses;
  for (int i = 0; i < n; ++i) losses.push_back(solver->step(1));
  return losses;
}

TEST(Solver, LossIsAveragedOverTheWindow) {
  const auto losses = single_losses("base_lr: 0.01", 5);
  const auto solver = fed_solver("base_lr: 0.01 average_loss: 3");
  EXPECT_NEAR(solver->step(5), (losses[2] + losses[3] + losses[4]) / 3, 1e-5);
  const auto fewer = fed_solver("base_lr: 0.01 average_loss: 3");
  EXPECT_NEAR(fewer->step(2), (losses[0] + losses[1]) / 2, 1e-5);
}

// Two passes of half the rate... of plain SGD: gradients add, then their mean is taken.
TEST(Solver, IterSizeTakesTheMeanOfItsPasses) {
  const auto twice = fed_solver("base_lr: 0.1 iter_size: 2");
  const auto start = weights(twice->net());
  twice->step(1);
  const auto manual = fed_solver("base_lr: 0.1");
  manual->net().clear_param_diffs();
  for (int pass = 0; pass < 2; ++pass) {
    manual->net().forward();
    manual->net().backward();
  }
  const auto result = weights(twice->net());
  size_t at = 0;
  for (const auto& param : manual->net().learnable_params()) {
    for (float gradient : gradients(*param.blob)) {
      EXPECT_NEAR(result[at], start[at] - 0.1f * param.lr_mult * gradient / 2, 1e-6) << at;
      ++at;
    }
  }
}

TEST(Solver, DisplayAndTestLines) {
  TempDir dir;
  log_to(dir / "log", LogLevel::kInfo);
  const auto solver = fed_solver(std::string(kTested) + "display: 2 test_compute_loss: true");
  solver->step(3);
  const std::string quiet = read_file(dir / "log");
  solver->set_auto_test(true);
  solver->step(3);
  log_to("", LogLevel::kInfo);
  for (const char* line : {"Iteration 0, loss = ", "Train net output #0: loss = ", "(* 1 = ",
                           "Iteration 2, lr = 0.05"}) {
    EXPECT_NE(quiet.find(line), std::string::npos) << line << " in\n" << quiet;
  }
  EXPECT_EQ(quiet.find("Iteration 1,"), std::string::npos);
  EXPECT_EQ(quiet.find("Testing"), std::string::npos);
  const std::string tested = read_file(dir / "log").substr(quiet.size());
  for (const char* line : {"Iteration 5, Testing net (#0)", "Test net output #0: accuracy = ",
                           "Test net output #1: loss = ", "Test loss: "}) {
    EXPECT_NE(tested.find(line), std::string::npos) << line << " in\n" << tested;
  }
}

TEST(Solver, DebugInfoShowsMeans) {
  TempDir dir;
  log_to(dir / "log", LogLevel::kInfo);
  fed_solver("base_lr: 0.1 display: 2 debug_info: true")->step(2);
  log_to("", LogLevel::kInfo);
  const std::string text = read_file(dir / "log");
  for (const char* line :
       {"[Forward] Layer conv, top blob conv data: ",
        "[Forward] Layer conv, param blob 1 data: 0\n",
        "[Backward] Layer ip, bottom blob conv diff: ", "[Backward] Layer ip, param blob 0 diff: ",
        "[Backward] All net params (data, diff): L1 norm = ("}) {
    const size_t first = text.find(line);
    ASSERT_NE(first, std::string::npos) << line << " in\n" << text;
    EXPECT_EQ(text.find(line, first + 1), std::string::npos) << "also outside display: " << line;
  }
}

}  // namespace
}  // namespace test
}  // namespace caffe
