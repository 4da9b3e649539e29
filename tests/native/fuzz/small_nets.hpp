// The net and the solvers that files of weights and snapshots are loaded into.
#pragma once

#include <memory>
#include <string>

#include "caffe/solver.hpp"

namespace caffe {
namespace fuzz {

// Two layers with weights, one of them with a bias.
NetParameter small_net();
// Trains it; `type` as in a prototxt. Its rate depends on the iteration and the current step.
SolverParameter small_solver(const std::string& type);

// Builds the net on one thread, fills its inputs and runs it forward and backward.
template <typename T>
void build_and_run(const NetParameter& param);

}  // namespace fuzz
}  // namespace caffe
