#include "caffe/layers/recurrent_layer.hpp"

#include <algorithm>
#include <cmath>

#include "caffe/copy_values.hpp"
#include "caffe/layers/ranges.hpp"
#include "caffe/layers/rows.hpp"
#include "caffe/log.hpp"

namespace caffe {

template <typename T>
CountRange RecurrentLayer<T>::bottom_count() const {
  const int exposed = options().expose_hidden() ? states() : 0;
  return {2 + exposed, 3 + exposed};
}

template <typename T>
CountRange RecurrentLayer<T>::top_count() const {
  const int exposed = options().expose_hidden() ? states() : 0;
  return {1 + exposed, 1 + exposed};
}

namespace {

template <typename T>
void add_values(const T* values, int64_t count, T* sum) {
  for_ranges(count, [=](int64_t first, int64_t n) {
#pragma omp simd
    for (int64_t i = first; i < first + n; ++i) sum[i] += values[i];
  });
}

std::vector<int64_t> axes_from(const Shape& shape, int first) {
  return {shape.begin() + first, shape.end()};
}

}  // namespace

template <typename T>
void RecurrentLayer<T>::layer_setup(const BlobVec<T>& bottom, const BlobVec<T>&) {
  const Shape& x = bottom[0]->shape();
  this->check(options().num_output() > 0, Code::kBadNet, "num_output must be positive");
  this->check(x.size() >= 3 && x[0] > 0 && product(x, 2, x.size()) > 0, Code::kShape,
              "its input must have axes (steps, streams, values...), but has shape ",
              shape_string(x));
  has_static_ = static_cast<int>(bottom.size()) == bottom_count().max;
  steps_ = x[0];
  inputs_ = axes_from(x, 2);
  const int64_t gate_values = gates() * size();
  const FillerParameter& filler = options().weight_filler();
  this->add_param({gate_values, product(inputs_)}, filler);
  this->add_param({gate_values}, options().bias_filler());
  if (has_static_) {
    this->check(bottom[2]->num_axes() >= 2, Code::kShape,
                "its static input must have axes (streams, values...), but has shape ",
                shape_string(bottom[2]->shape()));
    static_inputs_ = axes_from(bottom[2]->shape(), 1);
    this->add_param({gate_values, product(static_inputs_)}, filler);
  }
  this->add_param({gate_values, size()}, filler);
  add_output_params();
}

template <typename T>
void RecurrentLayer<T>::reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) {
  const Shape& x = bottom[0]->shape();
  this->check(!x.empty() && x[0] == steps_, Code::kShape, "was set up for ", steps_,
              " steps, but its input now has shape ", shape_string(x));
  this->check(x.size() >= 3 && axes_from(x, 2) == inputs_, Code::kShape, "was set up for ",
              product(inputs_), " values per step and stream, but its input now has shape ",
              shape_string(x));
  streams_ = x[1];
  const auto want = [&](int i, const Shape& shape, const char* what) {
    this->check(bottom[i]->shape() == shape, Code::kShape, what, " (bottom ", i,
                ") must have shape ", shape_string(shape), ", but has ",
                shape_string(bottom[i]->shape()));
  };
  want(1, {steps_, streams_}, "sequence indicators");
  if (has_static_) {
    Shape shape = static_inputs_;
    shape.insert(shape.begin(), streams_);
    want(2, shape, "static input");
  }
  const Shape state = {1, streams_, size()}, out = {steps_, streams_, size()};
  for (size_t i = has_static_ ? 3 : 2; i < bottom.size(); ++i) {
    want(static_cast<int>(i), state, "first state");
  }
  top[0]->reshape(out);
  for (size_t i = 1; i < top.size(); ++i) top[i]->reshape(state);
  for (Storage<T>* storage : {&conted_, &all_[0], &all_[1], &h_diff_}) {
    storage->resize(steps_ * state_count());
  }
  for (Storage<T>* storage : {&gates_, &gates_diff_}) storage->resize(steps_ * gate_count());
  step_state_.resize(state_count());
  step_gates_.resize(gate_count());
  static_gates_.resize(gate_count());
  for (int i = 0; i < 2; ++i) {
    first_[i].resize(state_count());
    last_[i].resize(state_count());  // further streams start from zeros
    state_diff_[i].resize(state_count());
  }
}

template <typename T>
std::unique_ptr<InnerProductOp<T>> RecurrentLayer<T>::product_op(int64_t rows, int64_t outputs,
                                                                 const std::vector<int64_t>& inputs,
                                                                 bool bias) const {
  InnerProductGeometry geometry;
  geometry.rows = rows;
  geometry.outputs = outputs;
  geometry.inputs = inputs;
  geometry.bias = bias;
  geometry.train = this->train_;
  return create_inner_product<T>(geometry, nullptr);
}

template <typename T>
void RecurrentLayer<T>::plan(const BlobVec<T>&, const BlobVec<T>& top) {
  for (Blob<T>* blob : top) blob->set_format(nullptr);
  const int64_t gate_values = gates() * size();
  input_op_ = product_op(steps_ * streams_, gate_values, inputs_, true);
  if (has_static_) static_op_ = product_op(streams_, gate_values, static_inputs_, false);
  step_op_ = product_op(streams_, gate_values, {size()}, false);
  all_steps_op_ = product_op(steps_ * streams_, gate_values, {size()}, false);
  plan_outputs();
}

template <typename T>
typename RecurrentLayer<T>::Step RecurrentLayer<T>::step_at(int64_t t, const T* cont) {
  Step step{cont + t * streams_, gates_.read_write() + t * gate_count(), {}, {}};
  for (int i = 0; i < states(); ++i) {
    T* all = all_[i].read_write();
    step.after[i] = all + t * state_count();
    step.before[i] = t == 0 ? first_[i].data() : step.after[i] - state_count();
  }
  return step;
}

template <typename T>
void RecurrentLayer<T>::add_static(const BlobVec<T>& bottom) {
  static_op_->forward(bottom[2]->data(), this->blobs_[2]->data(), nullptr, static_gates_);
  const T* once = static_gates_.read();
  T* gates = gates_.read_write();
  const int64_t count = gate_count();
  for (int64_t t = 0; t < steps_; ++t) add_values(once, count, gates + t * count);
}

template <typename T>
void RecurrentLayer<T>::take_first_states(const BlobVec<T>& bottom) {
  for (int i = 0; i < states(); ++i) {
    if (options().expose_hidden()) {
      const Blob<T>& given = *bottom[bottom.size() - states() + i];
      std::copy_n(given.data().read(), state_count(), first_[i].begin());
    } else {
      first_[i] = last_[i];
    }
  }
}

template <typename T>
void RecurrentLayer<T>::hand_out_last_states(const BlobVec<T>& top) {
  for (int i = 0; i < states(); ++i) {
    const T* last = all_[i].read() + (steps_ - 1) * state_count();
    std::copy_n(last, state_count(), last_[i].begin());
    if (!options().expose_hidden()) continue;
    std::copy_n(last, state_count(), top[1 + i]->data().write());
    top[1 + i]->data().written();
  }
}

// out = cont * state, stream by stream.
template <typename T>
void RecurrentLayer<T>::times_cont(const T* cont, const T* state, T* out) const {
  const int64_t values = size();
  for_row_ranges(streams_, values, [=](int64_t stream, int64_t first, int64_t n) {
    const int64_t at = stream * values + first;
    const T factor = cont[stream];
#pragma omp simd
    for (int64_t i = at; i < at + n; ++i) out[i] = factor * state[i];
  });
}

template <typename T>
void RecurrentLayer<T>::forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) {
  input_op_->forward(bottom[0]->data(), this->blobs_[0]->data(), &this->blobs_[1]->data(), gates_);
  if (has_static_) add_static(bottom);
  take_first_states(bottom);
  const T* cont = bottom[1]->data().read();
  const int64_t count = gate_count();
  T* conted = conted_.write();
  for (int64_t t = 0; t < steps_; ++t, conted += state_count()) {
    const Step step = step_at(t, cont);
    times_cont(step.cont, step.before[0], conted);
    copy_values(conted, state_count(), step_state_.write());
    step_op_->forward(step_state_, this->blobs_[hidden_index()]->data(), nullptr, step_gates_);
    add_values(step_gates_.read(), count, step.gates);
    forward_step(step);
    log_mean("Forward", t, "h data", step.after[0], state_count());
  }
  forward_outputs(all_[0], top[0]->data());
  hand_out_last_states(top);
}

// The steps in reverse: fills gates_diff_.
template <typename T>
void RecurrentLayer<T>::run_back(const BlobVec<T>& bottom) {
  for (auto& gradient : state_diff_) std::fill(gradient.begin(), gradient.end(), T(0));
  const T* cont = bottom[1]->data().read();
  const T* dh = h_diff_.read();
  T* dgates = gates_diff_.write();
  const int64_t count = state_count();
  for (int64_t t = steps_ - 1; t >= 0; --t) {
    const Step step = step_at(t, cont);
    T* step_dgates = dgates + t * gate_count();
    add_values(dh + t * count, count, state_diff_[0].data());
    backward_step(step, state_diff_[0].data(), state_diff_[1].data(), step_dgates);
    log_mean("Backward", t, "gates diff", step_dgates, gate_count());
    copy_values(step_dgates, gate_count(), step_gates_.write());
    step_op_->backward_data(step_gates_, this->blobs_[hidden_index()]->data(), step_state_);
    times_cont(step.cont, step_state_.read(), state_diff_[0].data());
  }
}

template <typename T>
void RecurrentLayer<T>::backward_static(const std::vector<bool>& propagate_down,
                                        const BlobVec<T>& bottom) {
  T* sum = static_gates_.write();
  const T* dgates = gates_diff_.read();
  const int64_t count = gate_count();
  std::fill_n(sum, count, T(0));
  for (int64_t t = 0; t < steps_; ++t) add_values(dgates + t * count, count, sum);
  if (Storage<T>* dw = param_diff(2)) {
    static_op_->backward_weights(bottom[2]->data(), static_gates_, dw, nullptr);
  }
  if (propagate_down[2]) {
    static_op_->backward_data(static_gates_, this->blobs_[2]->data(), bottom[2]->diff());
  }
}

template <typename T>
void RecurrentLayer<T>::backward_pass(const BlobVec<T>& top,
                                      const std::vector<bool>& propagate_down,
                                      const BlobVec<T>& bottom) {
  this->check(!propagate_down[1], Code::kUnsupported,
              "cannot give its sequence indicators (bottom 1) a gradient");
  this->prepare_backward(bottom, top);
  backward_outputs(all_[0], top[0]->diff(), h_diff_);
  run_back(bottom);
  Storage<T>& x = bottom[0]->data();
  if (param_diff(0) || param_diff(1)) {
    input_op_->backward_weights(x, gates_diff_, param_diff(0), param_diff(1));
  }
  if (Storage<T>* dw = param_diff(hidden_index())) {
    all_steps_op_->backward_weights(conted_, gates_diff_, dw, nullptr);
  }
  if (has_static_) backward_static(propagate_down, bottom);
  if (propagate_down[0]) {
    input_op_->backward_data(gates_diff_, this->blobs_[0]->data(), bottom[0]->diff());
  }
  for (size_t i = has_static_ ? 3 : 2; i < bottom.size(); ++i) {
    if (propagate_down[i]) bottom[i]->diff().set_zero();
  }
}

// recurrent_param.debug_info: a line per step with a mean absolute value.
template <typename T>
void RecurrentLayer<T>::log_mean(const char* pass, int64_t t, const char* what, const T* values,
                                 int64_t count) const {
  if (!options().debug_info()) return;
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += std::fabs(static_cast<double>(values[i]));
  log_info("    [", pass, "] Layer ", this->name(), ", step ", t + 1, ", ", what, ": ",
           count == 0 ? 0 : sum / static_cast<double>(count));
}

template class RecurrentLayer<float>;
template class RecurrentLayer<double>;

}  // namespace caffe
