#include <gtest/gtest.h>

#include <cmath>

#include "caffe/io.hpp"
#include "caffe/lr_policy.hpp"
#include "support/expect_error.hpp"

namespace caffe {
namespace test {
namespace {

SolverParameter policy(const std::string& text) {
  SolverParameter param;
  parse_text("base_lr: 0.5 " + text, "test", &param);
  return param;
}

double rate(const std::string& text, int iteration, int step = 0) {
  return learning_rate_at(policy(text), iteration, step);
}

// Expected values are worked out by hand from the formulas.
TEST(LrPolicy, Formulas) {
  EXPECT_DOUBLE_EQ(rate("lr_policy: 'fixed'", 1000), 0.5);
  EXPECT_DOUBLE_EQ(rate("lr_policy: 'exp' gamma: 0.5", 3), 0.0625);
  EXPECT_NEAR(rate("lr_policy: 'inv' gamma: 0.25 power: 0.5", 12), 0.25, 1e-12);
  EXPECT_DOUBLE_EQ(rate("lr_policy: 'poly' power: 2 max_iter: 4", 1), 0.28125);
  EXPECT_DOUBLE_EQ(rate("lr_policy: 'sigmoid' gamma: 1 stepsize: 5", 5), 0.25);
  EXPECT_NEAR(rate("lr_policy: 'sigmoid' gamma: 1 stepsize: 5", 6), 0.5 / (1 + std::exp(-1)),
              1e-12);
}

TEST(LrPolicy, PolyStaysAtZeroPastItsEnd) {
  EXPECT_EQ(rate("lr_policy: 'poly' power: 0.5 max_iter: 4", 4), 0);
  EXPECT_EQ(rate("lr_policy: 'poly' power: 0.5 max_iter: 4", 9), 0);
}

TEST(LrPolicy, StepCountsFromTheStart) {
  const SolverParameter param = policy("lr_policy: 'step' gamma: 0.5 stepsize: 10");
  EXPECT_EQ(lr_step_at(param, 9, 0), 0);
  EXPECT_EQ(lr_step_at(param, 10, 0), 1);
  EXPECT_EQ(lr_step_at(param, 45, 0), 4);
  EXPECT_DOUBLE_EQ(learning_rate_at(param, 45, 4), 0.5 / 16);
}

TEST(LrPolicy, MultistepRisesByOnePerIterationAtMost) {
  const SolverParameter param =
      policy("lr_policy: 'multistep' gamma: 0.1 stepvalue: 5 stepvalue: 5 stepvalue: 8");
  EXPECT_EQ(lr_step_at(param, 4, 0), 0);
  EXPECT_EQ(lr_step_at(param, 5, 0), 1);
  EXPECT_EQ(lr_step_at(param, 100, 0), 1);
  EXPECT_EQ(lr_step_at(param, 100, 3), 3);
}

// A counter that is set must give the rates that stepping there gives, also where a value
// waits behind a larger one.
TEST(LrPolicy, StepsBeforeAnIterationAreThoseOfSteppingThere) {
  for (const char* values : {"stepvalue: 0 stepvalue: 5 stepvalue: 5 stepvalue: 8",
                             "stepvalue: 9 stepvalue: 3 stepvalue: 4 stepvalue: 12"}) {
    const SolverParameter param = policy(cat("lr_policy: 'multistep' gamma: 0.1 ", values));
    check_lr_policy(param);
    int done = 0;
    for (int iteration = 0; iteration < 20; ++iteration) {
      EXPECT_EQ(lr_steps_before(param, iteration), done) << iteration;
      done = lr_step_at(param, iteration, done);
    }
    EXPECT_EQ(done, 4);
  }
}

TEST(LrPolicy, ValuesAtTheEndOfTheirTypeAreNeverReached) {
  const char* last = "lr_policy: 'multistep' stepvalue: 2147483647 stepvalue: 2147483647";
  EXPECT_EQ(lr_steps_before(policy(last), 2147483647), 0);
}

TEST(LrPolicy, FieldsOutOfRangeAreRefused) {
  const auto refused = [](const std::string& text, const std::string& part) {
    expect_error(Code::kBadNet, part, [&] { check_lr_policy(policy(text)); });
  };
  refused("lr_policy: 'cosine'", "unknown lr_policy 'cosine' (known: exp, fixed,");
  refused("", "unknown lr_policy ''");
  refused("lr_policy: 'step' gamma: 1", "lr_policy 'step' needs stepsize > 0");
  refused("lr_policy: 'step' stepsize: 5 gamma: -1", "gamma >= 0");
  refused("lr_policy: 'sigmoid' stepsize: 0", "stepsize > 0");
  refused("lr_policy: 'poly'", "max_iter > 0");
  check_lr_policy(policy("lr_policy: 'step' stepsize: 5 gamma: 0"));
}

}  // namespace
}  // namespace test
}  // namespace caffe
