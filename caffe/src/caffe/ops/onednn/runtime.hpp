// What all oneDNN ops share: engine, stream, formats.
#pragma once

#include <cstdint>
#include <dnnl.hpp>
#include <initializer_list>
#include <unordered_map>
#include <vector>

#include "caffe/error.hpp"
#include "caffe/storage.hpp"

namespace caffe::onednn {

dnnl::engine& cpu_engine();
// One stream per thread, as streams must not be used by two threads at once.
dnnl::stream& stream();

// Whether oneDNN's kernels, which count in 32 bits, can work with these extents.
inline bool are_moderate(std::initializer_list<std::vector<int64_t>> lists) {
  constexpr int64_t kLargest = int64_t{1} << 28;
  for (const auto& extents : lists) {
    for (int64_t extent : extents) {
      if (extent > kLargest) return false;
    }
  }
  return true;
}

// Row-major order of `dims`.
dnnl::memory::desc plain_desc(const dnnl::memory::dims& dims);
// Any format of `dims`: the primitive chooses.
dnnl::memory::desc any_desc(const dnnl::memory::dims& dims);

// The format for a memory descriptor; null if it is plain row-major order.
FormatPtr to_format(const dnnl::memory::desc& desc);
// The descriptor of `format` if it is one of ours with these dims, else the plain one.
dnnl::memory::desc to_desc(const FormatPtr& format, const dnnl::memory::dims& dims);

using Args = std::unordered_map<int, dnnl::memory>;

// A memory object over existing values.
inline dnnl::memory wrap(const dnnl::memory::desc& desc, const void* values) {
  return dnnl::memory(desc, cpu_engine(), const_cast<void*>(values));
}

// Runs a primitive to its end. Scratch memory is kept per thread and shared by all
// primitives, since they run one after the other.
void execute(const dnnl::primitive& primitive, const dnnl::memory::desc& scratchpad, Args args);

// Attributes of all our primitives: scratch memory is ours (see execute). sum: results are added to
// what is there. rectified: those below 0 become 0, and NaN stays; the primitive then takes what
// add_rectifier adds.
dnnl::primitive_attr attributes(bool rectified = false, bool sum = false);
void add_rectifier(Args* args, bool sum = false);

// A read-only argument of a primitive: where it lies in memory and in which format.
struct Operand {
  dnnl::memory::desc desc;
  FormatPtr format;

  Operand() = default;
  explicit Operand(const dnnl::memory::desc& d) : desc(d), format(to_format(d)) {}
  dnnl::memory read(Storage<float>& values) const { return wrap(desc, values.read(format)); }
  dnnl::memory write(Storage<float>& values) const { return wrap(desc, values.write(format)); }
  dnnl::memory read_write(Storage<float>& values) const {
    return wrap(desc, values.read_write(format));
  }
  void written(Storage<float>& values) const { values.written(format); }
};

// Where a primitive that can only overwrite writes a gradient that may have to be added
// to. begin() returns the memory to write, end() adds it up if needed.
class GradientTarget {
 public:
  // `values` may be null: the gradient is computed and dropped. scratch: memory of this thread's
  // that no other target uses at the same time.
  enum Scratch { kWeights, kBias };
  GradientTarget(const Operand& operand, Storage<float>* values, Scratch scratch);
  dnnl::memory begin();
  void end();

 private:
  const Operand& operand_;
  Storage<float>* values_;
  bool add_;
  AlignedArray<float>& scratch_;
};

}  // namespace caffe::onednn
