#include "caffe/gpu_mode.hpp"
#include "caffe/io.hpp"
#include "caffe/log.hpp"
#include "commands/commands.hpp"
#include "commands/signals.hpp"

namespace caffe::tools {

void train(const CommandLine& line) {
  const std::string &file = line.text("solver"), &state = line.text("snapshot");
  const std::string& weights = line.text("weights");
  require(!file.empty(), Code::kInvalidArgument, "--solver is missing: the solver's prototxt");
  require(state.empty() || weights.empty(), Code::kInvalidArgument,
          "--snapshot resumes a training and --weights starts one: give one of them");
  SignalRequests signals(line.text("sigint_effect"), line.text("sighup_effect"));
  SolverParameter param;
  read_solver_file(file, &param);
  if (line.given("level") || line.given("stage")) add_state(line, param.mutable_train_state());
  if (!line.text("gpu").empty()) ask_for_gpu();
  if (!state.empty() || !weights.empty()) param.clear_weights();  // the solver's own
  if (!weights.empty()) {
    log_info("Finetuning from ", weights);
    param.add_weights(weights);
  }
  const std::unique_ptr<Solver<float>> solver = create_solver<float>(param);
  solver->set_request_source([&signals] { return signals.next(); });
  if (!state.empty()) log_info("Resuming from ", state);
  solver->solve(state);
}

}  // namespace caffe::tools
