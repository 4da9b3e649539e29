// Snapshots.
#include <sys/stat.h>

#include "caffe/flat_copy.hpp"
#include "caffe/io.hpp"
#include "caffe/io/new_file.hpp"
#include "caffe/log.hpp"
#include "caffe/solver.hpp"
#include "caffe/threads.hpp"

namespace caffe {

namespace {

// Brings both files into their places, or none.
void commit_pair(NewFile* model, NewFile* state) {
  model->sync();
  state->sync();
  model->commit();
  try {
    state->commit();
  } catch (...) {
    model->withdraw();
    throw;
  }
}

}  // namespace

template <typename T>
std::pair<std::string, std::string> Solver<T>::snapshot(const std::string& prefix) {
  const ThreadScope threads(net_->threads());
  const std::string& used = prefix.empty() ? param_.snapshot_prefix() : prefix;
  require(!used.empty(), Code::kState,
          "a snapshot needs a prefix: the solver has no snapshot_prefix");
  const std::string stem = cat(used, "_iter_", iteration_);
  const char* ending = param_.snapshot_format() == SolverParameter::HDF5 ? ".h5" : "";
  const std::string model = cat(stem, ".caffemodel", ending);
  const std::string state_file = cat(stem, ".solverstate", ending);
  NewFile model_place(model), state_place(state_file);
  SolverState state;
  state.set_learned_net_checksum(net_->save(model_place, param_.snapshot_diff()));
  state.set_iter(iteration_);
  state.set_learned_net(model);
  state.set_current_step(current_step_);
  for (const auto& bank : history_) {
    for (size_t i = 0; i < bank.size(); ++i) {
      Blob<T> values(net_->learnable_params()[i].blob->shape());
      read_flat(*bank[i], values.count(), values.data().write());
      values.to_proto(state.add_history());
    }
  }
  write_solver_state(state_place, state);
  commit_pair(&model_place, &state_place);
  log_info("Snapshot: ", model, " and ", state_file);
  return {model, state_file};
}

namespace {

// learned_net as written, or the file of that name beside the state if both have moved.
std::string find_model(const std::string& learned_net, const std::string& state_file) {
  struct stat status;
  if (::stat(learned_net.c_str(), &status) == 0) return learned_net;
  const size_t slash = state_file.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : state_file.substr(0, slash + 1);
  const std::string beside = folder + learned_net.substr(learned_net.rfind('/') + 1);
  return ::stat(beside.c_str(), &status) == 0 ? beside : learned_net;
}

}  // namespace

template <typename T>
WeightsReport Solver<T>::restore(const std::string& filename) {
  const ThreadScope threads(net_->threads());
  SolverState state;
  read_solver_state(filename, &state);
  require(state.iter() >= 0 && state.current_step() >= 0, Code::kParse, "'", filename,
          "' is damaged: iteration ", state.iter(), " and step ", state.current_step(),
          " cannot be negative");
  const auto& params = net_->learnable_params();
  const int banks = num_banks();
  require(state.history_size() == banks * static_cast<int>(params.size()), Code::kShape, "'",
          filename, "' has ", state.history_size(), " history blobs, but this ", type(),
          " solver has ", banks * params.size(), ": is it from another type of solver?");
  // Everything is read and checked before the first change.
  std::vector<std::unique_ptr<Blob<T>>> history;
  for (int i = 0; i < state.history_size(); ++i) {
    const auto& param = params[i % params.size()];
    history.push_back(std::make_unique<Blob<T>>(param.blob->shape()));
    try {
      history.back()->check_proto(state.history(i));
      history.back()->from_proto(state.history(i), false);
    } catch (const Error& e) {
      fail(e.code(), "'", filename, "': history ", i, " (layer '", net_->layer(param.layer).name(),
           "'): ", e.what());
    }
  }
  require(!state.learned_net().empty(), Code::kParse, "'", filename,
          "' is damaged: it names no caffemodel");
  std::optional<uint32_t> checksum;
  if (state.has_learned_net_checksum()) checksum = state.learned_net_checksum();
  const WeightsReport report = net_->copy_trained_layers_from(
      find_model(state.learned_net(), filename), Match::kAll, checksum);
  for (size_t i = 0; i < history.size(); ++i) {
    write_flat(history[i]->cpu_data(), history[i]->count(),
               history_[i / params.size()][i % params.size()].get());
  }
  iteration_ = state.iter();
  current_step_ = state.current_step();
  return report;
}

template class Solver<float>;
template class Solver<double>;

}  // namespace caffe
