// What signals ask of a solver that trains.
#pragma once

#include <string>

#include "caffe/solver.hpp"

namespace caffe::tools {

// Answers SIGINT and SIGHUP while it lives; there is one at a time.
class SignalRequests {
 public:
  // Effects: "stop", "snapshot" or "none", else kInvalidArgument; `none`: the signal is ignored.
  SignalRequests(const std::string& sigint_effect, const std::string& sighup_effect);
  ~SignalRequests();
  SignalRequests(const SignalRequests&) = delete;
  SignalRequests& operator=(const SignalRequests&) = delete;

  // The next request that signals have made since the last call, kNone if there is none.
  SolverRequest next();

 private:
  SolverRequest on_interrupt_, on_hangup_;
};

}  // namespace caffe::tools
