// Layer: a role in the graph. It owns shapes and parameter blobs; the arithmetic is
// in ops, for which back ends compete (ops/op_factory.hpp).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "caffe/blob.hpp"
#include "caffe/proto/caffe.pb.h"
#include "caffe/random.hpp"

namespace caffe {

template <typename T>
using BlobVec = std::vector<Blob<T>*>;

// What a net lends its layers.
struct LayerContext {
  Phase phase = TRAIN;
  std::shared_ptr<Random> random;  // one generator per net, drawn from in layer order
};

// Bounds on the number of bottoms or tops; max -1 means any number.
struct CountRange {
  int min = 0;
  int max = -1;
};

// What a layer makes of a top that bears the name of its bottom.
enum class InPlace {
  kDirect,    // it writes over its bottom, and keeps what its backward pass needs
  kFromCopy,  // it reads from a copy that the net keeps, and must not change the shape
  kRefused,
};

template <typename T>
class Layer {
 public:
  Layer(const LayerParameter& param, const LayerContext& context)
      : param_(param),
        phase_(param.has_phase() ? param.phase() : context.phase),
        random_(context.random),
        train_(phase_ == TRAIN) {}
  virtual ~Layer() = default;
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;

  // Checks counts, sets the layer up, shapes its tops, assigns loss weights and takes
  // parameter values from the LayerParameter's blobs if it has some. Errors name the
  // layer.
  void setup(const BlobVec<T>& bottom, const BlobVec<T>& top);

  // Runs reshape; the layer is to be planned next.
  void update_shapes(const BlobVec<T>& bottom, const BlobVec<T>& top);
  // Runs reshape and plan if a bottom's shape has changed, then the forward pass. Returns
  // the layer's contribution to the loss.
  T forward(const BlobVec<T>& bottom, const BlobVec<T>& top);
  // propagate_down[i] tells whether bottom i wants its diff. Parameter diffs are added
  // to, unless their storage is_zero(): then they may be overwritten. Throws kState if a bottom's
  // shape has changed since forward.
  void backward(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                const BlobVec<T>& bottom);

  // Shapes tops from bottoms. Called at setup and whenever a bottom's shape changes.
  virtual void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) = 0;
  // The layer's part of the layout pass: chooses formats of tops (Blob::set_format)
  // and of its parameters, knowing those of its bottoms, and creates ops. Called after
  // all layers have their shapes. The default leaves everything in plain order.
  virtual void plan(const BlobVec<T>& bottom, const BlobVec<T>& top);

  // For a layer with generators of its own: seeds them from the net's, which has been seeded anew.
  virtual void reseed() {}

  virtual const char* type() const = 0;
  virtual CountRange bottom_count() const { return {1, 1}; }
  virtual CountRange top_count() const { return {1, 1}; }
  virtual bool equal_bottom_top_count() const { return false; }
  // Creates unnamed tops up to the minimum (loss layers).
  virtual bool auto_top() const { return false; }
  virtual bool allow_force_backward(int bottom) const { return bottom >= 0; }
  virtual InPlace in_place() const { return InPlace::kDirect; }
  // Whether backward needs values of tops, which a later layer in place would write over.
  virtual bool backward_reads_tops() const { return false; }
  // Whether forward changes parameters by itself, as BatchNorm does its running statistics.
  virtual bool forward_changes_params() const { return false; }
  // Default loss weight of the first top.
  virtual T default_loss_weight() const { return T(0); }

  const std::string& name() const { return param_.name(); }
  const LayerParameter& param() const { return param_; }
  Phase phase() const { return phase_; }
  std::vector<std::shared_ptr<Blob<T>>>& blobs() { return blobs_; }
  const std::vector<std::shared_ptr<Blob<T>>>& blobs() const { return blobs_; }
  // Loss weight of top i, 0 if it is no loss.
  T loss(int top) const { return static_cast<size_t>(top) < loss_.size() ? loss_[top] : T(0); }
  // Whether parameter i gets a gradient (lr_mult 0: no).
  bool param_propagate_down(int i) const {
    return static_cast<size_t>(i) >= param_propagate_down_.size() || param_propagate_down_[i];
  }
  void set_param_propagate_down(int i, bool value);

 protected:
  virtual void layer_setup(const BlobVec<T>& /*bottom*/, const BlobVec<T>& /*top*/) {}
  virtual void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) = 0;
  virtual void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                             const BlobVec<T>& bottom) = 0;

  // Throws an Error that names this layer unless `condition` holds.
  template <typename... Args>
  void check(bool condition, Code code, const Args&... args) const {
    if (!condition) fail(code, where(), args...);
  }
  // Appends a parameter blob, filled by `filler` unless the LayerParameter brings values.
  void add_param(const Shape& shape, const FillerParameter& filler);
  // To be called first in the backward pass of a layer with ops: those of a TEST net are
  // made for forward passes only, and made anew here when backward is run all the same.
  // True if they were: then an op that keeps something from forward must see the bottom
  // again. Its output then goes elsewhere, for the top may have been changed in place.
  bool prepare_backward(const BlobVec<T>& bottom, const BlobVec<T>& top);

  LayerParameter param_;
  Phase phase_;
  std::shared_ptr<Random> random_;
  // Whether ops must be able to run backward.
  bool train_;
  std::vector<std::shared_ptr<Blob<T>>> blobs_;

 private:
  // "layer 'conv1' (Convolution): "
  std::string where() const;
  // Runs `body`; an Error that leaves it names this layer.
  template <typename Body>
  void guarded(const Body& body) const;
  void take_values_from_param();
  T weighted_loss(const BlobVec<T>& top) const;
  void check_counts(const BlobVec<T>& bottom, const BlobVec<T>& top) const;
  void set_loss_weights(const BlobVec<T>& top);
  void fill_loss_weights(const BlobVec<T>& top) const;
  bool shapes_changed(const BlobVec<T>& bottom) const;
  void note_shapes(const BlobVec<T>& bottom);

  std::vector<T> loss_;
  std::vector<bool> param_propagate_down_;
  std::vector<Shape> bottom_shapes_;  // of the last forward pass, unless reshaped since
};

}  // namespace caffe
