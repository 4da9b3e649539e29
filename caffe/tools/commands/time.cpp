#include <algorithm>
#include <chrono>
#include <cstdio>

#include "caffe/log.hpp"
#include "commands/commands.hpp"
#include "commands/flops.hpp"

namespace caffe::tools {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

Phase phase_of(const std::string& name) {
  require(name.empty() || name == "TRAIN" || name == "TEST", Code::kInvalidArgument,
          "flag --phase is TRAIN or TEST, not '", name, "'");
  return name == "TEST" ? TEST : TRAIN;
}

// Milliseconds of each step, added up over the iterations.
struct Times {
  explicit Times(size_t steps) : forward(steps), backward(steps) {}
  std::vector<double> forward, backward;
  double forward_pass = 0, backward_pass = 0;
};

void run_once(Net<float>* net, Times* times) {
  const auto steps = net->steps();
  net->clear_param_diffs();
  const auto forward_start = Clock::now();
  for (size_t i = 0; i < steps.size(); ++i) {
    const auto start = Clock::now();
    net->forward(steps[i].first, steps[i].last);
    times->forward[i] += milliseconds(start);
  }
  times->forward_pass += milliseconds(forward_start);
  const auto backward_start = Clock::now();
  for (size_t i = steps.size(); i-- > 0;) {
    const auto start = Clock::now();
    net->backward(steps[i].last, steps[i].first);
    times->backward[i] += milliseconds(start);
  }
  times->backward_pass += milliseconds(backward_start);
}

// Columns of one direction: ms, GFLOP, GFLOP/s; dashes where nothing is counted.
std::string columns(double ms, double flops) {
  char text[64];
  if (flops > 0 && ms > 0) {
    std::snprintf(text, sizeof(text), "%12.3f %10.4g %8.1f", ms, flops / 1e9, flops / ms / 1e6);
  } else {
    std::snprintf(text, sizeof(text), "%12.3f %10s %8s", ms, "-", "-");
  }
  return text;
}

// Layers that run as one are joined by "+", the type is the first one's.
std::string name_of(const Net<float>& net, const Net<float>::Step& step) {
  std::string name = net.layer(step.first).name();
  for (int i = step.first + 1; i <= step.last; ++i) name += "+" + net.layer(i).name();
  return name;
}

void print_table(const Net<float>& net, const Times& times, int iterations) {
  const auto steps = net.steps();
  int width = 5;
  for (const auto& step : steps) width = std::max<int>(width, name_of(net, step).size());
  std::printf("%-*s %-16s %12s %10s %8s %12s %10s %8s\n", width, "layer", "type", "forward ms",
              "GFLOP", "GFLOP/s", "backward ms", "GFLOP", "GFLOP/s");
  Flops sum;
  for (size_t i = 0; i < steps.size(); ++i) {
    Flops flops;
    for (int id = steps[i].first; id <= steps[i].last; ++id) {
      const Flops more = count_flops(net, id);
      flops.forward += more.forward;
      flops.backward += more.backward;
    }
    sum.forward += flops.forward;
    sum.backward += flops.backward;
    std::printf("%-*s %-16s %s %s\n", width, name_of(net, steps[i]).c_str(),
                net.layer(steps[i].first).type(),
                columns(times.forward[i] / iterations, flops.forward).c_str(),
                columns(times.backward[i] / iterations, flops.backward).c_str());
  }
  std::printf("%-*s %-16s %s %s\n", width, "total", "",
              columns(times.forward_pass / iterations, sum.forward).c_str(),
              columns(times.backward_pass / iterations, sum.backward).c_str());
}

}  // namespace

void time(const CommandLine& line) {
  const int iterations = line.number("iterations", 1);
  const std::unique_ptr<Net<float>> net = read_model(line, phase_of(line.text("phase")));
  net->set_feed([](const auto&, const auto&) {});  // JavaData layers have zeros
  log_info("Performing Forward");
  log_info("Initial loss: ", net->forward());
  log_info("Performing Backward");
  net->backward();
  log_info("*** Benchmark begins ***");
  log_info("Testing for ", iterations, " iterations with ", net->threads(), " threads.");
  Times times(net->steps().size());
  const auto start = Clock::now();
  for (int i = 0; i < iterations; ++i) {
    const auto iteration_start = Clock::now();
    run_once(net.get(), &times);
    log_info("Iteration: ", i + 1, " forward-backward time: ", milliseconds(iteration_start),
             " ms.");
  }
  const double total = milliseconds(start);
  log_info("*** Benchmark ends ***");
  if (line.on("plan")) std::printf("%s\n", to_text(net->plan()).c_str());
  print_table(*net, times, iterations);
  std::printf("\nAverage Forward pass: %g ms.\n", times.forward_pass / iterations);
  std::printf("Average Backward pass: %g ms.\n", times.backward_pass / iterations);
  std::printf("Average Forward-Backward: %g ms.\n", total / iterations);
  std::printf("Total Time: %g ms.\n", total);
}

}  // namespace caffe::tools
