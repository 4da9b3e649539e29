// Net: layers connected by blobs.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "caffe/layer.hpp"
#include "caffe/lifetimes.hpp"
#include "caffe/plan.hpp"
#include "caffe/weights_report.hpp"

namespace caffe {

class NewFile;

// The first layer that has NaN or infinity, and where; data: it is no other layer's doing.
struct NotFinite {
  std::string layer;
  enum { kNothing, kWeights, kOutput, kData } in = kNothing;
};

// A value of a net's graph: what one layer makes, and at most one reads (Split sees to that). A top
// in place is a value of its own, the next version of the blob that it bears the name of.
template <typename T>
struct Value {
  std::shared_ptr<Blob<T>> blob;
  int name = 0;  // index of the named blob
  int maker = 0, top = 0;
  int reader = -1, bottom = 0;  // -1: nobody
  bool needs_backward = false;
};

template <typename T>
class Net {
 public:
  // Filters layers by the net's state, inserts Splits, sets up every layer and plans
  // memory formats. Errors name the layer.
  // `random`: null for one that is seeded by the system; `threads`: 0 for one per core.
  explicit Net(const NetParameter& param, std::shared_ptr<Random> random = nullptr,
               int threads = 0);

  // Layers [first, last]; returns their loss. A feed, if set, is called before layer 0.
  T forward(int first, int last);
  T forward() { return forward(0, num_layers() - 1); }
  // Layers from last down to first.
  void backward(int last, int first);
  void backward() { backward(num_layers() - 1, 0); }
  // Propagates changed input shapes.
  void reshape();
  // Zeroes the diffs of all owned parameters (lazily).
  void clear_param_diffs();
  // Starts the net's generator and those of its layers anew; seed < 0: from the system.
  void set_seed(int64_t seed);

  const std::string& name() const { return name_; }
  Phase phase() const { return phase_; }
  int threads() const { return threads_; }
  int num_layers() const { return static_cast<int>(layers_.size()); }
  Layer<T>& layer(int i) const { return *layers_[i]; }
  const std::vector<std::unique_ptr<Layer<T>>>& layers() const { return layers_; }
  // -1 if there is none of that name.
  int layer_index(const std::string& name) const;
  // What the layer reads and makes: values, see below.
  const BlobVec<T>& bottoms(int layer) const { return bottom_vecs_[layer]; }
  const BlobVec<T>& tops(int layer) const { return top_vecs_[layer]; }
  // Indices of the blobs that the layer's tops bear the names of.
  std::vector<int> top_ids(int layer) const;
  // Whether backward runs the layer, and whether it gives its bottom a diff.
  bool layer_needs_backward(int layer) const { return layer_need_backward_[layer]; }
  bool bottom_needs_backward(int layer, int bottom) const {
    return bottom_need_backward_[layer][bottom];
  }

  // The layers [first, last] that run as one in passes of the whole net.
  struct Step {
    int first = 0, last = 0;
  };
  std::vector<Step> steps() const;
  // How passes of the whole net run, see plan.hpp. Shapes and plans the net if need be.
  Plan plan();
  // Between memory formats, of values, gradients and parameters, since the net was made.
  int64_t conversions() const;

  const std::vector<Value<T>>& values() const { return values_; }
  // By name. A blob that layers work on in place has the data of the last of its values and the
  // diff of the first, which is what forward and backward leave in it.
  const std::vector<std::shared_ptr<Blob<T>>>& blobs() const { return blobs_; }
  const std::vector<std::string>& blob_names() const { return blob_names_; }
  // Null if there is none of that name.
  Blob<T>* blob(const std::string& name) const;
  // Blob indices. Inputs are tops of Input layers; outputs are in alphabetical order.
  const std::vector<int>& input_blobs() const { return input_blobs_; }
  const std::vector<int>& output_blobs() const { return output_blobs_; }

  // Parameters that this net owns, in layer order; shared ones appear once.
  struct LearnableParam {
    std::shared_ptr<Blob<T>> blob;
    int layer = 0, index = 0;  // where it is owned
    float lr_mult = 1, decay_mult = 1;
    bool lr_mult_given = false, decay_mult_given = false;  // or only defaults so far
  };
  const std::vector<LearnableParam>& learnable_params() const { return learnable_; }

  // Flat copies of all learnable parameters, one after the other, in plain order.
  int64_t weights_count() const;
  void read_weights(T* values) const;
  void write_weights(const T* values);

  // By layer name: parameters use the memory of `other`'s / are copied from `source`. Values that
  // are not finite are refused with kNumeric, and so is a source that `match` does not allow, with
  // kShape; nothing has changed then.
  void share_trained_layers_with(const Net& other);
  WeightsReport copy_trained_layers_from(const NetParameter& source, const std::string& origin,
                                         Match match = Match::kSome);
  // From a file, binary or HDF5: its content tells. `checksum`: what it has to be.
  WeightsReport copy_trained_layers_from(const std::string& filename, Match match = Match::kSome,
                                         std::optional<uint32_t> checksum = std::nullopt);
  // The net as built; with_values false leaves shapes only.
  void to_proto(NetParameter* param, bool with_values, bool write_diff = false) const;
  // HDF5 if the name ends in .h5, else binary.
  void save(const std::string& filename, bool write_diff = false) const;
  // The same, to a new file that the caller commits; returns its checksum.
  uint32_t save(const NewFile& place, bool write_diff) const;

  // Called with all JavaData layers' tops before a forward pass that starts at layer 0.
  using Feed = std::function<void(const std::vector<T*>& tops, const std::vector<int64_t>& counts)>;
  void set_feed(Feed feed) { feed_ = std::move(feed); }
  // Indices of JavaData layers.
  const std::vector<int>& java_data_layers() const { return java_data_layers_; }
  // First dimension of all JavaData tops.
  void set_batch_size(int64_t batch);

  // Whether blobs have their gradients after backward. Else a pass of the whole net lets them share
  // memory: each is gone when the layer that made the blob has read it. Gradients whose memory was
  // handed out, and those of parameters, stay. True at first.
  void keep_gradients(bool keep);
  // Which blobs, by index, have their values after a pass of the whole net, along with outputs.
  // nullopt, as at first: all. Else a step may leave values out, and in a net that only runs
  // forward they share memory: one of the TEST phase, which has no backward pass then, or without
  // anything to learn. Values whose memory was handed out stay.
  void keep_values(std::optional<std::set<int>> blobs);

  void set_debug_info(bool on) { debug_info_ = on; }
  // Looks for NaN and infinity in what the last forward pass left.
  NotFinite first_not_finite() const;

 private:
  // net/init.cpp
  void init(const NetParameter& param);
  using Available = std::map<std::string, int>;  // values that nobody has read yet, by name
  void append_layer(const LayerParameter& param, Available* available);
  void append_bottom(int layer_id, int bottom_id, Available* available);
  void append_top(int layer_id, int top_id, Available* available);
  void find_layers_under_loss();
  void force_backward();
  // net/params.cpp
  void append_params(int layer_id);
  void share_param(int layer_id, int param_id, LearnableParam* owner);
  // plan/formats.cpp: chooses a memory format for every blob and creates ops.
  void plan_formats();
  // plan/fusion.cpp: layers whose work is done along with that of the one before them.
  void fuse();
  bool only_forward() const { return kept_ && phase_ == TEST; }
  std::vector<Layer<T>*> layers_behind(int head) const;
  bool follows_in_place(int head, const Value<T>& below, const Value<T>& made) const;
  bool follows_as_sum(int head, const Value<T>& below, const Value<T>& made) const;
  void note_sum(int head);
  void check_not_left_out(int layer_id) const;
  bool runs_fused(int head, int last) const;
  void forward_fused(int head);
  void backward_fused(int head);
  void undo_fusion(int head);
  // plan/memory.cpp
  void share_values();
  // plan/values.cpp: where versions of a blob lie, and what its name shows of them.
  int add_value(int name, int maker, int top);
  void check_versions(int layer_id) const;
  void place_versions();
  void drop_values_on_resize();
  bool may_lie_over(const Value<T>& made) const;
  bool is_needed_later(const Value<T>& value, int writer) const;
  bool comes_from_outside(const Value<T>& value) const;
  void take_names_shapes();
  void bind_names();
  void shape_one_array(int layer_id);
  void fill_one_array(int layer_id);
  void return_diffs(int layer_id);
  template <typename Use>
  void for_versions(const Use& use) const;
  void data_from_names(int first, int last) const;
  void data_to_names(int first, int last) const;
  void diffs_from_names(int last, int first) const;
  void diffs_to_names(int last, int first) const;
  // net/io.cpp: `known` layers are in the file.
  void count_taken(const std::set<int>& known, WeightsReport* report) const;
  // net/hdf5.cpp
  WeightsReport load_hdf5(const std::string& filename, Match match);
  uint32_t save_hdf5(const NewFile& place, bool write_diff) const;
  // net/run.cpp
  bool shapes_changed() const;
  void prepare();
  void run_feed();
  // net/debug.cpp: mean absolute values, if debug_info is on.
  void log_forward(int layer_id) const;
  void log_backward(int layer_id) const;
  void log_params() const;

  std::string name_;
  Phase phase_ = TEST;
  int threads_ = 1;
  bool debug_info_ = false;
  bool planned_ = false;
  std::vector<Shape> shapes_;  // of blobs_, that the layers are shaped for
  std::shared_ptr<Random> random_;
  std::vector<std::unique_ptr<Layer<T>>> layers_;
  std::map<std::string, int> layer_index_;
  std::vector<std::shared_ptr<Blob<T>>> blobs_;
  std::vector<std::string> blob_names_;
  std::map<std::string, int> blob_index_;
  std::vector<Value<T>> values_;
  std::vector<std::vector<int>> versions_;  // values of each blob, in the order of their makers
  std::vector<BlobVec<T>> bottom_vecs_, top_vecs_;
  std::vector<std::vector<int>> bottom_ids_, top_ids_;  // values
  // By layer: the one that does its work in fused passes; itself, if none does.
  std::vector<int> heads_;
  std::vector<bool> ran_fused_;  // by head: the last forward pass was
  // Of a head with a sum behind it: that layer, the value that the step leaves out (-1: none), and
  // what is added.
  struct FusedSum {
    int layer = -1, left_out = -1;
    Blob<T>* term = nullptr;
  };
  std::vector<FusedSum> sums_;
  std::optional<std::set<int>> kept_;  // blobs, see keep_values
  std::vector<std::vector<bool>> bottom_need_backward_;
  std::vector<bool> layer_need_backward_;
  Lifetimes<T> value_lives_, gradient_lives_;
  std::vector<int> input_blobs_, output_blobs_;
  std::vector<LearnableParam> learnable_;
  std::map<std::string, int> param_owners_;  // index in learnable_ by ParamSpec name
  std::vector<int> java_data_layers_;
  Feed feed_;
};

}  // namespace caffe
