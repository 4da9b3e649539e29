#include "caffe/lr_policy.hpp"

#include <algorithm>
#include <cmath>

#include "caffe/error.hpp"

namespace caffe {

void check_lr_policy(const SolverParameter& param) {
  const std::string& policy = param.lr_policy();
  const auto want = [&](bool condition, const char* text) {
    require(condition, Code::kBadNet, "lr_policy '", policy, "' needs ", text);
  };
  if (policy == "fixed" || policy == "exp" || policy == "inv" || policy == "multistep") return;
  if (policy == "step" || policy == "sigmoid") {
    want(param.stepsize() > 0, "stepsize > 0");
    want(param.gamma() >= 0, "gamma >= 0");
  } else if (policy == "poly") {
    want(param.max_iter() > 0, "max_iter > 0");
  } else {
    fail(Code::kBadNet, "unknown lr_policy '", policy,
         "' (known: exp, fixed, inv, multistep, poly, sigmoid, step)");
  }
}

int lr_step_at(const SolverParameter& param, int iteration, int done) {
  if (param.lr_policy() == "step") return iteration / param.stepsize();
  if (param.lr_policy() != "multistep") return done;
  return done < param.stepvalue_size() && iteration >= param.stepvalue(done) ? done + 1 : done;
}

int lr_steps_before(const SolverParameter& param, int iteration) {
  if (param.lr_policy() != "multistep") return 0;
  int done = 0;
  int64_t when = -1;
  for (int64_t value : param.stepvalue()) {
    when = std::max(value, when + 1);
    if (when < iteration) ++done;
  }
  return done;
}

double learning_rate_at(const SolverParameter& param, int iteration, int step) {
  const std::string& policy = param.lr_policy();
  const double base = param.base_lr(), gamma = param.gamma(), t = iteration;
  if (policy == "fixed") return base;
  if (policy == "step" || policy == "multistep") return base * std::pow(gamma, step);
  if (policy == "exp") return base * std::pow(gamma, t);
  if (policy == "inv") return base * std::pow(1 + gamma * t, -param.power());
  // Past max_iter the rate stays at 0; the bare formula would give NaN there.
  if (policy == "poly")
    return base * std::pow(std::max(0., 1 - t / param.max_iter()), param.power());
  if (policy == "sigmoid") return base / (1 + std::exp(-gamma * (t - param.stepsize())));
  check_lr_policy(param);
  fail(Code::kInternal, "lr_policy '", policy, "' has no formula");
}

}  // namespace caffe
