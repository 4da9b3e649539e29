// caffe: trains, tests and times nets.
#include <map>
#include <set>

#include "caffe/error.hpp"
#include "caffe/log.hpp"
#include "commands/commands.hpp"

namespace {

using caffe::tools::CommandLine;
using caffe::tools::Tool;

struct Command {
  void (*run)(const CommandLine&);
  std::set<std::string> flags;  // those that it looks at
};

const std::map<std::string, Command>& commands() {
  static const std::map<std::string, Command> kCommands = {
      {"train",
       {caffe::tools::train,
        {"solver", "snapshot", "weights", "level", "stage", "gpu", "sigint_effect",
         "sighup_effect"}}},
      {"test", {caffe::tools::test, {"model", "weights", "iterations", "level", "stage", "gpu"}}},
      {"time",
       {caffe::tools::time, {"model", "iterations", "phase", "plan", "level", "stage", "gpu"}}},
      {"device_query", {caffe::tools::device_query, {"gpu"}}},
  };
  return kCommands;
}

void run_command(const Tool& tool, const CommandLine& line) {
  const std::string name = line.argument(0);
  const auto found = commands().find(name);
  caffe::require(found != commands().end(), caffe::Code::kInvalidArgument, "unknown command '",
                 name, "': it is train, test, time or device_query");
  for (const auto& flag : tool.flags) {
    if (line.given(flag.name) && found->second.flags.count(flag.name) == 0) {
      caffe::log_warning("flag --", flag.name, " has no effect on ", name);
    }
  }
  found->second.run(line);
}

}  // namespace

int main(int argc, char** argv) {
  Tool tool;
  tool.name = "caffe";
  tool.usage = "train|test|time|device_query [FLAGS]";
  tool.about =
      "commands:\n"
      "  train         train or fine-tune the net of --solver\n"
      "  test          the outputs of --model with --weights, and their means\n"
      "  time          how long each step of --model takes: layers that run as one\n"
      "  device_query  what there is to compute with";
  tool.flags = {
      {"solver", "", "the solver's prototxt"},
      {"model", "", "the net's prototxt"},
      {"snapshot", "", "a solverstate: training goes on from there"},
      {"weights", "", "caffemodels to start from, separated by commas"},
      {"iterations", "50", "how many batches test and time run"},
      {"phase", "", "TRAIN or TEST, for time (TRAIN)"},
      {"plan", "false", "time prints how the net runs, too", true},
      {"level", "", "the level of the net's state"},
      {"stage", "", "stages of the net's state, separated by commas"},
      {"sigint_effect", "stop", "what SIGINT does to a training: stop, snapshot or none"},
      {"sighup_effect", "snapshot", "what SIGHUP does to a training: stop, snapshot or none"},
      {"gpu", "", "accepted with a warning: this is no GPU build"},
  };
  tool.least_arguments = tool.most_arguments = 1;
  tool.run = [&tool](const CommandLine& line) { run_command(tool, line); };
  return caffe::tools::run_tool(tool, argc, argv);
}
