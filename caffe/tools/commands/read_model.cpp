#include "caffe/gpu_mode.hpp"
#include "caffe/io.hpp"
#include "commands/commands.hpp"

namespace caffe::tools {

void add_state(const CommandLine& line, NetState* state) {
  if (line.given("level")) {
    state->set_level(line.number("level", std::numeric_limits<int>::min()));
  }
  for (const std::string& stage : line.list("stage")) state->add_stage(stage);
}

std::unique_ptr<Net<float>> read_model(const CommandLine& line, Phase phase) {
  require(!line.text("model").empty(), Code::kInvalidArgument,
          "--model is missing: the net's prototxt");
  if (!line.text("gpu").empty()) ask_for_gpu();
  NetParameter param;
  read_net_file(line.text("model"), &param);
  param.mutable_state()->set_phase(phase);
  add_state(line, param.mutable_state());
  return std::make_unique<Net<float>>(param);
}

}  // namespace caffe::tools
