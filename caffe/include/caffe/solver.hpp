// Solver: trains a net by gradient descent.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "caffe/net.hpp"

namespace caffe {

// What somebody outside wants of a running solver.
enum class SolverRequest { kNone, kStop, kSnapshot };

// Steps in Caffe's order. A subclass defines the update of one parameter (its history banks and its
// rule).
template <typename T>
class Solver {
 public:
  virtual ~Solver() = default;
  Solver(const Solver&) = delete;
  Solver& operator=(const Solver&) = delete;
  virtual const char* type() const = 0;

  // Runs n iterations and returns the smoothed loss. If an iteration fails, all parameters
  // (BatchNorm's running statistics too), history and counter stay as they were before it. A loss
  // that is not finite fails with kNumeric.
  T step(int n);
  // The whole training: restores `state` if it is given, steps to max_iter with periodic
  // tests, writes the snapshot that snapshot_after_train asks for, and shows a last loss and
  // test where they are due.
  void solve(const std::string& state = "");
  // Asked after every iteration and before every batch of a periodic test until it answers
  // kNone: kSnapshot writes one, kStop ends step.
  using RequestSource = std::function<SolverRequest()>;
  void set_request_source(RequestSource source) { request_source_ = std::move(source); }
  // Whether the last step ended because of kStop.
  bool stopped() const { return stopped_; }
  // Sums of every output element of test net i over `batches` forward passes.
  const std::vector<T>& test(int i, int batches);
  const std::vector<T>& scores() const { return scores_; }
  // Runs the prototxt's periodic tests (test_interval) inside step; off until solve.
  void set_auto_test(bool on) { auto_test_ = on; }

  Net<T>& net() { return *net_; }
  const std::vector<std::unique_ptr<Net<T>>>& test_nets() const { return test_nets_; }
  const SolverParameter& param() const { return param_; }
  int iteration() const { return iteration_; }
  void set_iteration(int iteration);
  // Starts the generators of all nets anew, with the seeds that `seed` (>= 0) as random_seed would
  // give them.
  void set_seed(int64_t seed);
  // The rate that was set, or rate(t) of the lr policy at the current counter.
  T learning_rate() const;
  // A rate (finite, at least 0) that updates have from now on instead of the policy's; nothing: the
  // policy's again, which has gone on counting.
  void set_learning_rate(std::optional<T> rate);

  // History: for each bank, the arrays of all learnable parameters.
  int num_banks() const { return static_cast<int>(history_.size()); }
  int64_t history_count() const;
  void read_history(T* values) const;
  void write_history(const T* values);

  // Writes weights and state in the form that snapshot_format says; empty prefix:
  // snapshot_prefix. Returns both paths. They come into their places when both are on the disk.
  std::pair<std::string, std::string> snapshot(const std::string& prefix = "");
  // From a solver state and the weights that were written with it, which must have all layers of
  // the net. Nothing has changed if it fails.
  WeightsReport restore(const std::string& filename);

 protected:
  // `banks`: the subclass's number of history arrays per parameter (SGD 1, Adam 2).
  Solver(const SolverParameter& param, int threads, int banks);
  // Turns the gradient of parameter `id` into a step and applies it to the weights.
  // `scale` multiplies the raw gradient first (clipping and iter_size), then decay is
  // added: one pass over memory.
  virtual void update_param(int id, T rate, T scale, T decay) = 0;
  // Calls kernel(UpdateChunk<T>) for all of parameter `id`, in parallel
  // (solvers/update_loop.hpp).
  template <typename Kernel>
  void for_chunks(int id, T scale, T decay, const Kernel& kernel);

 private:
  // solver_init.cpp
  void check_param() const;
  // A snapshot that cannot be written should not be found out after hours of training.
  void check_snapshot_prefix() const;
  void init_train_net(int threads);
  void init_test_nets();
  void add_test_net(NetParameter net, const std::string& origin);
  void init_history(int banks);
  void load_weights();
  // solver.cpp
  void iterate(int start);
  bool test_due() const;
  void answer_requests();
  T forward_backward();
  [[noreturn]] void fail_of_loss(T loss) const;
  void smooth_loss(T loss, int start);
  // solver_update.cpp
  int lr_step() const;
  T gradient_scale(bool display) const;
  void apply_update(bool display);
  // solver_display.cpp
  void run_tests();
  void run_test(int i);
  void add_test_batches(int i, int batches, bool answers_requests);
  void display_outputs(const char* kind, const Net<T>& net, const std::vector<double>& means) const;
  void display_train(T loss) const;

  SolverParameter param_;
  std::unique_ptr<Net<T>> net_;
  std::vector<std::unique_ptr<Net<T>>> test_nets_;
  std::vector<std::vector<std::unique_ptr<Storage<T>>>> history_;  // [bank][param]
  int iteration_ = 0;
  int current_step_ = 0;  // of lr_policy step and multistep, at the last update
  std::optional<T> own_rate_;
  std::vector<T> losses_;
  T smoothed_loss_ = 0;
  std::vector<T> scores_;
  double test_loss_ = 0;  // sum over the batches of the last test
  RequestSource request_source_;
  bool auto_test_ = false, stopped_ = false;
};

template <typename T>
class SolverRegistry {
 public:
  using Factory = std::function<std::unique_ptr<Solver<T>>(const SolverParameter&, int threads)>;
  static std::map<std::string, Factory>& factories();
};

// At the end of a solver's source file: CAFFE_REGISTER_SOLVER(Adam, AdamSolver)
template <template <typename> class S>
struct SolverRegistration {
  explicit SolverRegistration(const char* type) {
    SolverRegistry<float>::factories()[type] = [](const SolverParameter& p, int threads) {
      return std::unique_ptr<Solver<float>>(new S<float>(p, threads));
    };
    SolverRegistry<double>::factories()[type] = [](const SolverParameter& p, int threads) {
      return std::unique_ptr<Solver<double>>(new S<double>(p, threads));
    };
  }
};
#define CAFFE_REGISTER_SOLVER(type, cls) \
  static const ::caffe::SolverRegistration<cls> g_register_##cls(#type)

// Builds the solver that `type` (or the old solver_type) names; kBadNet if unknown. Its nets
// compute with so many threads; 0: one per core.
template <typename T>
std::unique_ptr<Solver<T>> create_solver(const SolverParameter& param, int threads = 0);

}  // namespace caffe
