// The common part of recurrent layers.
#pragma once

#include <memory>
#include <vector>

#include "caffe/layer.hpp"
#include "caffe/layer_registry.hpp"
#include "caffe/ops/inner_product_op.hpp"

namespace caffe {

// Runs T steps over N independent streams, with D = recurrent_param.num_output.
// Bottoms: x (T, N, K...), cont (T, N), which is 0 where a stream starts anew and else 1,
// optionally a static input s (N, Ks...), which every step sees, and with expose_hidden the
// first states (1, N, D) each. Tops: outputs (T, N, D), with expose_hidden the last states.
// Without it the last state of a forward pass is the first of the next, zeros at the start.
// As in Caffe no gradient enters or leaves a pass through states: those of the tops with
// last states are not read, and first states get zeros.
//
// Step t computes gates() * D values per stream, a_t = W_h (cont_t * h_{t-1}) + W_x x_t + b
// [+ W_s s], of which a subclass makes the states, h being the first. Parameters: W_x, b,
// [W_s], W_h, then the subclass's. Caffe unrolls the layer into an
// inner net; here products that need no earlier step are done for all steps at once.
template <typename T>
class RecurrentLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  CountRange bottom_count() const override;
  CountRange top_count() const override;
  bool allow_force_backward(int bottom) const override { return bottom != 1; }
  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override;
  void plan(const BlobVec<T>& bottom, const BlobVec<T>& top) override;

 protected:
  // One step: arrays of (N, D), gates of (N, gates() * D).
  struct Step {
    const T* cont;       // (N)
    T* gates;            // a_t in forward; what forward_step left there in backward
    const T* before[2];  // states
    T* after[2];
  };
  virtual int gates() const = 0;
  virtual int states() const = 0;  // 1 or 2
  virtual void forward_step(const Step& step) = 0;
  // `dh`: gradient of h; `dc`: of the second state, to be replaced by that of the one
  // before; `dgates`: gradient of a_t, to be written.
  virtual void backward_step(const Step& step, const T* dh, T* dc, T* dgates) = 0;
  // From the h of all steps (T, N, D) to the outputs, and back: dh is to be written.
  virtual void forward_outputs(Storage<T>& h, Storage<T>& y) = 0;
  virtual void backward_outputs(Storage<T>& h, Storage<T>& dy, Storage<T>& dh) = 0;
  virtual void add_output_params() {}
  virtual void plan_outputs() {}

  void layer_setup(const BlobVec<T>& bottom, const BlobVec<T>& top) override;
  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override;
  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override;

  const RecurrentParameter& options() const { return this->param_.recurrent_param(); }
  int64_t size() const { return options().num_output(); }
  int64_t streams() const { return streams_; }
  int64_t steps() const { return steps_; }
  std::unique_ptr<InnerProductOp<T>> product_op(int64_t rows, int64_t outputs,
                                                const std::vector<int64_t>& inputs,
                                                bool bias) const;
  // Diff of parameter i, null if it gets none.
  Storage<T>* param_diff(int i) const {
    return this->param_propagate_down(i) ? &this->blobs_[i]->diff() : nullptr;
  }

 private:
  int hidden_index() const { return has_static_ ? 3 : 2; }  // of W_h in blobs_
  int64_t state_count() const { return streams_ * size(); }
  int64_t gate_count() const { return gates() * state_count(); }
  Step step_at(int64_t t, const T* cont);
  void times_cont(const T* cont, const T* state, T* out) const;
  void add_static(const BlobVec<T>& bottom);
  void take_first_states(const BlobVec<T>& bottom);
  void hand_out_last_states(const BlobVec<T>& top);
  void run_back(const BlobVec<T>& bottom);
  void backward_static(const std::vector<bool>& propagate_down, const BlobVec<T>& bottom);
  void log_mean(const char* pass, int64_t t, const char* what, const T* values,
                int64_t count) const;

  int64_t steps_ = 0, streams_ = 0;
  bool has_static_ = false;
  std::vector<int64_t> inputs_, static_inputs_;  // extents of x and s per stream
  std::unique_ptr<InnerProductOp<T>> input_op_, static_op_, step_op_, all_steps_op_;
  Storage<T> gates_, gates_diff_;                      // (T, N, gates * D)
  Storage<T> conted_;                                  // (T, N, D): cont_t * h_{t-1}
  Storage<T> step_state_, step_gates_;                 // operands of one step's product
  Storage<T> static_gates_;                            // (N, gates * D)
  Storage<T> all_[2], h_diff_;                         // (T, N, D): the states after every step
  std::vector<T> first_[2], last_[2], state_diff_[2];  // (N, D)
};

}  // namespace caffe
