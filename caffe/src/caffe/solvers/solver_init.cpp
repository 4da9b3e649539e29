// Building a solver: its nets, first weights and history.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sstream>

#include "caffe/gpu_mode.hpp"
#include "caffe/io.hpp"
#include "caffe/log.hpp"
#include "caffe/lr_policy.hpp"
#include "caffe/solver.hpp"

namespace caffe {

namespace {

// A test net has a generator of its own: it must not disturb the train net's draws. Past the
// largest seed comes 0.
int64_t test_net_seed(int64_t seed, size_t index) {
  return static_cast<int64_t>((static_cast<uint64_t>(seed) + 1 + index) & INT64_MAX);
}

}  // namespace

template <typename T>
Solver<T>::Solver(const SolverParameter& param, int threads, int banks) : param_(param) {
  check_param();
  if (param_.has_solver_mode() && param_.solver_mode() == SolverParameter::GPU) ask_for_gpu();
  init_train_net(threads);
  init_test_nets();
  load_weights();
  init_history(banks);
}

template <typename T>
void Solver<T>::check_snapshot_prefix() const {
  const std::string probe = param_.snapshot_prefix() + "_iter_0.tempfile";
  std::FILE* file = std::fopen(probe.c_str(), "w");
  require(file != nullptr, Code::kIo, "snapshots cannot be written with snapshot_prefix '",
          param_.snapshot_prefix(), "': ", std::strerror(errno));
  std::fclose(file);
  std::remove(probe.c_str());
}

template <typename T>
void Solver<T>::check_param() const {
  if (param_.has_lr_policy()) check_lr_policy(param_);
  require(param_.average_loss() >= 1, Code::kBadNet, "average_loss must be at least 1, not ",
          param_.average_loss());
  require(param_.iter_size() >= 1, Code::kBadNet, "iter_size must be at least 1, not ",
          param_.iter_size());
  const std::string& regularization = param_.regularization_type();
  require(regularization == "L1" || regularization == "L2", Code::kBadNet,
          "unknown regularization_type '", regularization, "' (known: L1, L2)");
  if (param_.snapshot() <= 0) return;
  require(param_.has_snapshot_prefix(), Code::kBadNet, "snapshot: ", param_.snapshot(),
          " needs a snapshot_prefix");
  check_snapshot_prefix();
}

template <typename T>
void Solver<T>::init_train_net(int threads) {
  const int sources = param_.has_net() + param_.has_net_param() + param_.has_train_net() +
                      param_.has_train_net_param();
  require(sources == 1, Code::kBadNet,
          "exactly one of net, net_param, train_net and train_net_param must be given, not ",
          sources);
  NetParameter net;
  if (param_.has_net()) {
    read_net_file(param_.net(), &net);
  } else if (param_.has_train_net()) {
    read_net_file(param_.train_net(), &net);
  } else {
    net = param_.has_net_param() ? param_.net_param() : param_.train_net_param();
  }
  NetState state;
  state.set_phase(TRAIN);
  state.MergeFrom(net.state());
  state.MergeFrom(param_.train_state());
  *net.mutable_state() = state;
  net_ = std::make_unique<Net<T>>(net, std::make_shared<Random>(param_.random_seed()), threads);
}

template <typename T>
void Solver<T>::init_test_nets() {
  const int explicit_nets = param_.test_net_param_size() + param_.test_net_size();
  const bool generic = param_.has_net() || param_.has_net_param();
  const int instances = param_.test_iter_size();
  require(generic ? instances >= explicit_nets : instances == explicit_nets, Code::kBadNet,
          "test_iter must be given once per test net: ", explicit_nets, " test nets, ", instances,
          " test_iter");
  require(param_.test_state_size() == 0 || param_.test_state_size() == instances, Code::kBadNet,
          "test_state must be given once per test net or not at all: ", instances, " test nets, ",
          param_.test_state_size(), " test_state");
  require(instances == 0 || param_.test_interval() > 0, Code::kBadNet,
          "a solver with test nets needs test_interval > 0");
  for (const NetParameter& net : param_.test_net_param()) add_test_net(net, "");
  for (const std::string& file : param_.test_net()) add_test_net(NetParameter(), file);
  while (static_cast<int>(test_nets_.size()) < instances) {
    add_test_net(param_.net_param(), param_.net());
  }
}

template <typename T>
void Solver<T>::add_test_net(NetParameter net, const std::string& file) {
  if (!file.empty()) read_net_file(file, &net);
  const int index = static_cast<int>(test_nets_.size());
  NetState state;
  state.set_phase(TEST);
  state.MergeFrom(net.state());
  if (param_.test_state_size() > 0) state.MergeFrom(param_.test_state(index));
  *net.mutable_state() = state;
  const int64_t seed =
      param_.random_seed() >= 0 ? test_net_seed(param_.random_seed(), test_nets_.size()) : -1;
  test_nets_.push_back(
      std::make_unique<Net<T>>(net, std::make_shared<Random>(seed), net_->threads()));
  test_nets_.back()->set_debug_info(param_.debug_info());
  test_nets_.back()->share_trained_layers_with(*net_);
}

template <typename T>
void Solver<T>::set_seed(int64_t seed) {
  require(seed >= 0, Code::kInvalidArgument, "seed ", seed, " is negative");
  net_->set_seed(seed);
  for (size_t i = 0; i < test_nets_.size(); ++i) test_nets_[i]->set_seed(test_net_seed(seed, i));
}

template <typename T>
void Solver<T>::load_weights() {
  for (const std::string& list : param_.weights()) {
    std::istringstream names(list);
    for (std::string name; std::getline(names, name, ',');) {
      const size_t first = name.find_first_not_of(" \t");
      if (first == std::string::npos) continue;
      name = name.substr(first, name.find_last_not_of(" \t") - first + 1);
      log_info(net_->copy_trained_layers_from(name).text());
      // Test nets share what the train net has; they may have layers of their own.
      for (const auto& net : test_nets_) net->copy_trained_layers_from(name, Match::kAny);
    }
  }
}

template <typename T>
void Solver<T>::init_history(int banks) {
  history_.resize(banks);
  for (auto& bank : history_) {
    for (const auto& learnable : net_->learnable_params()) {
      bank.push_back(std::make_unique<Storage<T>>(learnable.blob->count()));
    }
  }
}

template class Solver<float>;
template class Solver<double>;

}  // namespace caffe
