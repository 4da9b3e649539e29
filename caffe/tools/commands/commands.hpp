// The commands of the tool `caffe`.
#pragma once

#include "caffe/net.hpp"
#include "support/command_line.hpp"

namespace caffe::tools {

// Trains what --solver describes. Throws what the engine throws, as all of these.
void train(const CommandLine& line);
// Logs the outputs of --model with --weights, batch by batch and their means.
void test(const CommandLine& line);
// Prints how long each layer of --model takes.
void time(const CommandLine& line);
// Prints what there is to compute with.
void device_query(const CommandLine& line);

// Adds --level and --stage, where they are given, to a net's state.
void add_state(const CommandLine& line, NetState* state);
// The net of --model in `phase`.
std::unique_ptr<Net<float>> read_model(const CommandLine& line, Phase phase);

}  // namespace caffe::tools
