// Layer: a role in the graph. It owns shapes and parameter blobs; the arithmetic is
// in ops, for which back ends compete (ops/op_factory.hpp).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "caffe/blob.hpp"
#include "caffe/ops/backend.hpp"
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

// What a layer makes of a top that bears the name of its bottom. The top is a value of its own; the
// question is whether it may lie where the bottom lies.
enum class InPlace {
  kRefused,
  kApart,  // it must not, and has to have the bottom's shape
  kOver,   // it may: an element is read before it is written, forward and, for dx and dy, backward
  kOneArray,  // it must: the layer's code takes both for one array
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
  // As forward, with the work of the layers that follow() has told of done along with it: `top` is
  // the last one's, and `bottom` has, behind its own, what a sum adds, which may be that top
  // itself. Not to be run while needs_shaping() of its own.
  void forward_fused(const BlobVec<T>& bottom, const BlobVec<T>& top);
  void backward_fused(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                      const BlobVec<T>& bottom);
  // Whether a bottom's shape is not the one that the layer is shaped for.
  bool needs_shaping(const BlobVec<T>& bottom) const;
  // Computes anew what a fused pass has left out.
  void repeat(const BlobVec<T>& bottom, const BlobVec<T>& top);

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

  // The layers behind this one, each in place on the only top of the one before, or a sum of that
  // and a value that is there already. Those whose work it can do along with its own, at the front,
  // are done so from now on; returns how many.
  int follow(const std::vector<Layer<T>*>& layers);
  int followers() const { return followers_; }
  // The one before has done this one's forward pass.
  void run_by_another() { has_run_ = true; }
  // Whether it does their backward pass, too.
  virtual bool absorbs_backward() const { return false; }
  // Whether that needs none of their values but the last one; else they must lie over each other.
  virtual bool recomputes_followers() const { return false; }

  // Whether forward is y = x0 + x1.
  virtual bool adds_two() const { return false; }
  // Whether forward is y = x * factor + shift with numbers of each channel (axis 1) that do not
  // depend on x.
  virtual bool is_affine() const { return false; }
  // Of an affine layer behind others that are x * factor + shift together: makes the two those of
  // all.
  virtual void compose(std::vector<T>* /*factor*/, std::vector<T>* /*shift*/) const {}

  // For a layer with generators of its own: seeds them from the net's, which has been seeded anew.
  virtual void reseed() {}

  virtual const char* type() const = 0;
  // The op that does most of its work, in a fused pass that of those behind it, too; null: loops of
  // its own.
  virtual const Op* main_op() const { return nullptr; }
  virtual CountRange bottom_count() const { return {1, 1}; }
  virtual CountRange top_count() const { return {1, 1}; }
  virtual bool equal_bottom_top_count() const { return false; }
  // Creates unnamed tops up to the minimum (loss layers).
  virtual bool auto_top() const { return false; }
  virtual bool allow_force_backward(int bottom) const { return bottom >= 0; }
  virtual InPlace in_place() const { return InPlace::kApart; }
  // Whether top i has the memory of the bottom, from reshape on.
  virtual bool top_shares_bottom() const { return false; }
  // What of the forward pass backward needs, which therefore has to stay in memory.
  virtual bool backward_reads_bottoms() const { return true; }
  virtual bool backward_reads_tops() const { return false; }
  // Whether backward can do with the top where it would read the bottom.
  virtual bool top_serves_as_bottom() const { return false; }
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

  // As follow.
  virtual int absorb(const std::vector<Layer<T>*>& /*followers*/) { return 0; }
  virtual void forward_with_followers(const BlobVec<T>& bottom, const BlobVec<T>& top) {
    forward_pass(bottom, top);
  }
  virtual void backward_with_followers(const BlobVec<T>& top,
                                       const std::vector<bool>& propagate_down,
                                       const BlobVec<T>& bottom) {
    backward_pass(top, propagate_down, bottom);
  }
  virtual void repeat_forward(const BlobVec<T>& bottom, const BlobVec<T>& top) {
    forward_pass(bottom, top);
  }

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
  void check_has_run(const BlobVec<T>& bottom) const;
  void note_shapes(const BlobVec<T>& bottom);

  std::vector<T> loss_;
  std::vector<bool> param_propagate_down_;
  std::vector<Shape> bottom_shapes_;  // that it is shaped for
  bool has_run_ = false;              // a forward pass since then: backward has what it needs
  int followers_ = 0;
};

}  // namespace caffe
