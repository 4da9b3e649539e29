// Memory of one array of values, in one or several formats at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "caffe/format.hpp"

namespace caffe {

// Elements aligned for vector loads; contents of new memory are zero.
template <typename T>
class AlignedArray {
 public:
  void resize(size_t count);  // keeps nothing; memory only grows
  T* data() { return data_; }
  size_t capacity() const { return capacity_; }

 private:
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  std::unique_ptr<void, Free> memory_;
  T* data_ = nullptr;
  size_t capacity_ = 0;
};

// The values of a blob's data or diff. Writers choose the format they write in;
// readers ask for the one they need and get a copy converted once, kept until the
// next write. So a conversion happens only where two formats meet.
//
// A storage can also be "zero": nothing is stored, readers get zeros, and layers
// that accumulate may overwrite instead (see is_zero).
template <typename T>
class Storage {
 public:
  explicit Storage(size_t count = 0) { resize(count); }

  size_t count() const { return count_; }
  // Changes the number of elements. Plain values survive if memory suffices.
  void resize(size_t count);
  // Call when the extents change but the count does not: drops packed copies,
  // which belong to the old extents, after saving their values in plain order.
  void keep_only_plain();

  // Values in plain order / in `format` (null: plain order), up to date.
  const T* read(const FormatPtr& format = nullptr);
  // As read, but the caller may change the values; finish with written().
  T* read_write(const FormatPtr& format = nullptr);
  // Memory to be overwritten entirely in `format`; finish with written().
  T* write(const FormatPtr& format = nullptr);
  // Ends what write(format) or read_write(format) began: brings a pinned storage's values
  // back to plain order. Needed unless the format is plain.
  void written(const FormatPtr& format = nullptr);

  // All zeros from now on, at no cost.
  void set_zero();
  bool is_zero() const { return zero_; }

  // Hands out plain memory for good: the caller may write to it at any time, so
  // packed copies are never trusted and every write is brought back to plain order.
  T* pin();
  bool pinned() const { return pinned_; }

  // The format of the last write, null for plain: what is cheapest to read.
  const FormatPtr& current_format() const { return current_; }

 private:
  struct Copy {
    FormatPtr format;
    AlignedArray<T> values;
    bool fresh = false;
  };
  Copy& copy_in(const FormatPtr& format);
  Copy* fresh_copy();
  void distrust(Copy& copy) const;
  void make_fresh(Copy& target);
  void only_fresh(const Copy& copy);

  size_t count_ = 0;
  std::vector<std::unique_ptr<Copy>> copies_;  // the first one is plain
  FormatPtr current_;
  bool zero_ = true;
  bool pinned_ = false;
};

}  // namespace caffe
