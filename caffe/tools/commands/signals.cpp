#include "commands/signals.hpp"

#include <csignal>
#include <map>

namespace caffe::tools {
namespace {

volatile std::sig_atomic_t g_interrupted = 0, g_hung_up = 0;

extern "C" void note_signal(int number) {
  if (number == SIGINT) g_interrupted = 1;
  if (number == SIGHUP) g_hung_up = 1;
}

SolverRequest effect(const char* flag, const std::string& name) {
  static const std::map<std::string, SolverRequest> kEffects = {
      {"stop", SolverRequest::kStop},
      {"snapshot", SolverRequest::kSnapshot},
      {"none", SolverRequest::kNone}};
  const auto found = kEffects.find(name);
  require(found != kEffects.end(), Code::kInvalidArgument, "flag --", flag,
          " is stop, snapshot or none, not '", name, "'");
  return found->second;
}

void handle(int number, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, nullptr);
}

void handle(int number, SolverRequest request) {
  handle(number, request == SolverRequest::kNone ? SIG_IGN : note_signal);
}

}  // namespace

SignalRequests::SignalRequests(const std::string& sigint_effect, const std::string& sighup_effect)
    : on_interrupt_(effect("sigint_effect", sigint_effect)),
      on_hangup_(effect("sighup_effect", sighup_effect)) {
  handle(SIGINT, on_interrupt_);
  handle(SIGHUP, on_hangup_);
}

SignalRequests::~SignalRequests() {
  handle(SIGINT, SIG_DFL);
  handle(SIGHUP, SIG_DFL);
}

SolverRequest SignalRequests::next() {
  if (g_interrupted) {
    g_interrupted = 0;
    return on_interrupt_;
  }
  if (g_hung_up) {
    g_hung_up = 0;
    return on_hangup_;
  }
  return SolverRequest::kNone;
}

}  // namespace caffe::tools
