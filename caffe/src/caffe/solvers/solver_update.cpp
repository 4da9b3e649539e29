// Applying gradients, and the history that updates keep.
#include <cmath>

#include "caffe/flat_copy.hpp"
#include "caffe/log.hpp"
#include "caffe/lr_policy.hpp"
#include "caffe/solver.hpp"
#include "caffe/threads.hpp"

namespace caffe {

template <typename T>
int Solver<T>::lr_step() const {
  return lr_step_at(param_, iteration_, current_step_);
}

template <typename T>
T Solver<T>::learning_rate() const {
  if (own_rate_) return *own_rate_;
  return static_cast<T>(learning_rate_at(param_, iteration_, lr_step()));
}

template <typename T>
void Solver<T>::set_learning_rate(std::optional<T> rate) {
  require(!rate || (std::isfinite(*rate) && *rate >= 0), Code::kInvalidArgument, "learning rate ",
          rate.value_or(0), " is not a finite number of at least 0");
  own_rate_ = rate;
}

template <typename T>
void Solver<T>::set_iteration(int iteration) {
  require(iteration >= 0, Code::kInvalidArgument, "iteration ", iteration, " is negative");
  if (iteration == iteration_) return;  // keeps a restored step
  iteration_ = iteration;
  current_step_ = lr_steps_before(param_, iteration);
}

namespace {

// Sum of squares. Partial sums are per block, so that the result does not depend on the
// number of threads.
template <typename T>
double sum_of_squares(Storage<T>& values) {
  if (values.is_zero()) return 0;
  const FormatPtr format = values.current_format();  // padding is zero
  const T* v = values.read(format);
  const int64_t count = static_cast<int64_t>(format ? format->size() : values.count());
  constexpr int64_t kBlock = 1 << 16;
  std::vector<double> partial((count + kBlock - 1) / kBlock);
#pragma omp parallel for schedule(static)
  for (int64_t b = 0; b < static_cast<int64_t>(partial.size()); ++b) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = b * kBlock; i < std::min(count, (b + 1) * kBlock); ++i) {
      sum += static_cast<double>(v[i]) * static_cast<double>(v[i]);
    }
    partial[b] = sum;
  }
  double sum = 0;
  for (double part : partial) sum += part;
  return sum;
}

}  // namespace

// What raw gradients are multiplied with: clipping, then the mean over iter_size.
template <typename T>
T Solver<T>::gradient_scale(bool display) const {
  double scale = 1;
  const double clip = param_.clip_gradients();
  if (clip >= 0) {
    double squares = 0;
    for (const auto& learnable : net_->learnable_params()) {
      squares += sum_of_squares(learnable.blob->diff());
    }
    const double norm = std::sqrt(squares);
    require(std::isfinite(norm), Code::kNumeric, "iteration ", iteration_,
            ": the norm of the gradients is ", norm, "; the weights are kept as they were");
    if (norm > clip) {
      scale = clip / norm;
      if (display) log_info("Gradient clipping: L2 norm ", norm, " > ", clip);
    }
  }
  return static_cast<T>(scale / param_.iter_size());
}

template <typename T>
void Solver<T>::apply_update(bool display) {
  const T rate = learning_rate();
  const T scale = gradient_scale(display);
  if (display) log_info("Iteration ", iteration_, ", lr = ", rate);
  current_step_ = lr_step();
  const auto& params = net_->learnable_params();
  for (int i = 0; i < static_cast<int>(params.size()); ++i) {
    update_param(i, rate * static_cast<T>(params[i].lr_mult), scale,
                 static_cast<T>(param_.weight_decay() * params[i].decay_mult));
  }
}

template <typename T>
int64_t Solver<T>::history_count() const {
  return num_banks() * net_->weights_count();
}

template <typename T>
void Solver<T>::read_history(T* values) const {
  const ThreadScope threads(net_->threads());
  const auto& params = net_->learnable_params();
  for (const auto& bank : history_) {
    for (size_t i = 0; i < bank.size(); ++i) {
      read_flat(*bank[i], params[i].blob->count(), values);
      values += params[i].blob->count();
    }
  }
}

template <typename T>
void Solver<T>::write_history(const T* values) {
  const ThreadScope threads(net_->threads());
  const auto& params = net_->learnable_params();
  for (const auto& bank : history_) {
    for (size_t i = 0; i < bank.size(); ++i) {
      write_flat(values, params[i].blob->count(), bank[i].get());
      values += params[i].blob->count();
    }
  }
}

template class Solver<float>;
template class Solver<double>;

}  // namespace caffe
