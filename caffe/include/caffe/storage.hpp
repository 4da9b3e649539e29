// Memory of one array of values, in one or several formats at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "caffe/format.hpp"

namespace caffe {

// Elements aligned for vector loads; contents of new memory are zero.
template <typename T>
class AlignedArray {
 public:
  AlignedArray() = default;
  AlignedArray(AlignedArray&& other) noexcept { *this = std::move(other); }
  AlignedArray& operator=(AlignedArray&& other) noexcept {
    memory_ = std::move(other.memory_);
    data_ = std::exchange(other.data_, nullptr);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }
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

// Memory that one storage has done with, for others.
template <typename T>
class ArrayPool {
 public:
  void give(AlignedArray<T> array) { free_.push_back(std::move(array)); }
  // Whether storages part with their values now; if not, somebody may still look at them.
  void open(bool open) { open_ = open; }
  bool is_open() const { return open_; }
  // The smallest array with room for so many elements, whatever they hold; an empty one if there is
  // none.
  AlignedArray<T> take(size_t count);
  size_t bytes() const;

 private:
  std::vector<AlignedArray<T>> free_;
  bool open_ = true;
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
  // Changes the number of elements. Values survive, in plain order, unless they are drop_on_resize.
  void resize(size_t count);
  // For values that are computed anew after a resize: it need not bring them to plain order.
  void drop_on_resize() { dropped_on_resize_ = true; }
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

  // Takes memory from the pool where it has some, and can leave it there.
  void share_pool(std::shared_ptr<ArrayPool<T>> pool) { pool_ = std::move(pool); }
  // Leaves its memory to the pool, unless that is not open or it is pinned: it has no values then
  // until it is written anew.
  void release();
  // Gives up its values, and their memory, until it is written anew.
  void leave_out();
  // Whether it has none by either.
  bool released() const { return released_; }
  // Takes over the values of another storage with as many elements, which has none then. Does
  // nothing and returns false unless both could leave their memory to a pool, and it is another.
  bool take(Storage& other);

  // Hands out plain memory for good: the caller may write to it at any time, so
  // packed copies are never trusted and every write is brought back to plain order.
  T* pin();
  bool pinned() const { return pinned_; }

  // Another number after each change of the values, but for those by users of pinned memory.
  uint64_t version() const { return version_; }
  // From one format to another, since it was made.
  int64_t conversions() const { return conversions_; }
  // Memory that it holds.
  size_t bytes() const;

  // The format of the last write, null for plain: what is cheapest to read.
  const FormatPtr& current_format() const { return current_; }

 private:
  struct Copy {
    FormatPtr format;
    AlignedArray<T> values;
    bool fresh = false;
  };
  bool may_release() const { return pool_ && pool_->is_open() && !pinned_; }
  // Gives the copy memory for its format; false if what it holds then is not all zeros.
  bool provide(Copy& copy, size_t size);
  Copy& copy_in(const FormatPtr& format);
  Copy* fresh_copy();
  void distrust(Copy& copy) const;
  void make_fresh(Copy& target);
  void only_fresh(const Copy& copy);
  ArrayPool<T>& spares() { return pool_ ? *pool_ : own_spares_; }

  size_t count_ = 0;
  std::vector<std::unique_ptr<Copy>> copies_;  // the first one is plain
  FormatPtr current_;
  bool zero_ = true;
  bool pinned_ = false, released_ = false, dropped_on_resize_ = false;
  int64_t conversions_ = 0;
  uint64_t version_ = 0;
  std::shared_ptr<ArrayPool<T>> pool_;
  ArrayPool<T> own_spares_;  // of packed copies in other extents: batches grow and shrink
};

// Bytes that arrays have been given since the process began.
int64_t allocated_bytes();

}  // namespace caffe
