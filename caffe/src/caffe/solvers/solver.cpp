// The training loop and tests.
#include "caffe/solver.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "caffe/log.hpp"
#include "caffe/solvers/kept_statistics.hpp"
#include "caffe/threads.hpp"

namespace caffe {

template <typename T>
T Solver<T>::step(int n) {
  require(n >= 0, Code::kInvalidArgument, "number of iterations ", n, " is negative");
  require(n <= std::numeric_limits<int>::max() - iteration_, Code::kInvalidArgument, n,
          " iterations after iteration ", iteration_, " are more than can be counted");
  const ThreadScope threads(net_->threads());
  losses_.clear();
  smoothed_loss_ = 0;
  stopped_ = false;
  const int start = iteration_;
  for (int i = 0; i < n && !stopped_; ++i) iterate(start);
  return smoothed_loss_;
}

template <typename T>
bool Solver<T>::test_due() const {
  return param_.test_interval() > 0 && iteration_ % param_.test_interval() == 0;
}

template <typename T>
void Solver<T>::answer_requests() {
  if (!request_source_) return;
  for (SolverRequest request = request_source_(); request != SolverRequest::kNone;
       request = request_source_()) {
    if (request == SolverRequest::kSnapshot) snapshot();
    if (request == SolverRequest::kStop) stopped_ = true;
    if (stopped_) return;
  }
}

template <typename T>
void Solver<T>::iterate(int start) {
  KeptStatistics<T> statistics(*net_);
  net_->clear_param_diffs();
  if (auto_test_ && test_due() && (iteration_ > 0 || param_.test_initialization())) run_tests();
  if (stopped_) {
    statistics.came_through();
    return;
  }
  const bool display = param_.display() > 0 && iteration_ % param_.display() == 0;
  net_->set_debug_info(display && param_.debug_info());
  T loss = 0;
  for (int i = 0; i < param_.iter_size(); ++i) loss += forward_backward();
  loss /= static_cast<T>(param_.iter_size());
  smooth_loss(loss, start);
  if (display) display_train(smoothed_loss_);
  apply_update(display);
  statistics.came_through();
  ++iteration_;
  if (param_.snapshot() > 0 && iteration_ % param_.snapshot() == 0) snapshot();
  answer_requests();
}

template <typename T>
void Solver<T>::solve(const std::string& state) {
  require(!param_.snapshot_after_train() || !param_.snapshot_prefix().empty(), Code::kState,
          "snapshot_after_train needs a snapshot_prefix");
  if (param_.snapshot_after_train()) check_snapshot_prefix();
  if (!state.empty()) restore(state);
  auto_test_ = true;
  const int start = iteration_;
  log_info("Solving ", net_->name(), " with ", type(), " from iteration ", start);
  step(std::max(0, param_.max_iter() - iteration_));
  const bool just_done = param_.snapshot() > 0 && iteration_ % param_.snapshot() == 0;
  if (param_.snapshot_after_train() && !just_done) snapshot();
  if (stopped_) {
    log_info("Optimization stopped early.");
    return;
  }
  if (param_.display() > 0 && iteration_ % param_.display() == 0) {
    const ThreadScope threads(net_->threads());
    smooth_loss(net_->forward(), start);
    log_info("Iteration ", iteration_, ", loss = ", smoothed_loss_);
  }
  if (test_due()) run_tests();
  log_info("Optimization Done.");
}

template <typename T>
T Solver<T>::forward_backward() {
  const T loss = net_->forward();
  if (!std::isfinite(loss)) fail_of_loss(loss);
  net_->backward();
  return loss;
}

// Says where the numbers went wrong: in the data, or because weights have grown.
template <typename T>
void Solver<T>::fail_of_loss(T loss) const {
  const NotFinite first = net_->first_not_finite();
  std::string where, remedy = " (a smaller base_lr or clip_gradients may help)";
  if (first.in == NotFinite::kData) {
    where = cat(", as the data of layer '", first.layer, "' are not finite");
    remedy.clear();
  } else if (first.in != NotFinite::kNothing) {
    where = cat(": layer '", first.layer, "' is the first whose ",
                first.in == NotFinite::kWeights ? "weights are" : "output is", " not finite");
  }
  fail(Code::kNumeric, "iteration ", iteration_, ": the loss is ",
       std::isnan(loss) ? "nan" : cat(loss), where, "; the weights are kept as they were", remedy);
}

template <typename T>
void Solver<T>::smooth_loss(T loss, int start) {
  const int window = param_.average_loss();
  if (static_cast<int>(losses_.size()) < window) {
    losses_.push_back(loss);
    const T count = static_cast<T>(losses_.size());
    smoothed_loss_ = (smoothed_loss_ * (count - 1) + loss) / count;
  } else {
    T& slot = losses_[(iteration_ - start) % window];
    smoothed_loss_ += (loss - slot) / static_cast<T>(window);
    slot = loss;
  }
}

template <typename T>
const std::vector<T>& Solver<T>::test(int i, int batches) {
  require(!test_nets_.empty(), Code::kState, "the solver has no test net");
  require(i >= 0 && i < static_cast<int>(test_nets_.size()), Code::kInvalidArgument, "test net ", i,
          " is not in 0..", test_nets_.size() - 1);
  require(batches >= 0, Code::kInvalidArgument, "number of batches ", batches, " is negative");
  add_test_batches(i, batches, false);
  return scores_;
}

template <typename T>
void Solver<T>::add_test_batches(int i, int batches, bool answers_requests) {
  Net<T>& net = *test_nets_[i];
  net.share_trained_layers_with(*net_);
  std::vector<T> sums;
  test_loss_ = 0;
  for (int batch = 0; batch < batches; ++batch) {
    if (answers_requests) answer_requests();
    if (answers_requests && stopped_) return;
    test_loss_ += net.forward();
    size_t position = 0;
    for (int id : net.output_blobs()) {
      const Blob<T>& blob = *net.blobs()[id];
      const T* values = blob.cpu_data();
      for (int64_t k = 0; k < blob.count(); ++k, ++position) {
        if (position == sums.size()) sums.push_back(0);
        sums[position] += values[k];
      }
    }
  }
  scores_ = std::move(sums);
}

template class Solver<float>;
template class Solver<double>;

}  // namespace caffe
