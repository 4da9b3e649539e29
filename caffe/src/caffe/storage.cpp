#include "caffe/storage.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>
#include <type_traits>

#include "caffe/error.hpp"

namespace caffe {

namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kHugePage = size_t{2} << 20;

std::atomic<int64_t> g_allocated{0};

// Kernels go through arrays at strides and through several at a time; where pages are small they
// wait for the translation of addresses. Linux gives huge pages to those that ask.
void ask_for_huge_pages(uintptr_t address, size_t bytes) {
  const uintptr_t first = (address + kHugePage - 1) / kHugePage * kHugePage;
  const uintptr_t last = (address + bytes) / kHugePage * kHugePage;
  // No error: where there are none, small ones do.
  if (first < last) madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
}

}  // namespace

int64_t allocated_bytes() { return g_allocated; }

template <typename T>
void AlignedArray<T>::resize(size_t count) {
  if (count <= capacity_) return;
  require(count <= (SIZE_MAX - kAlignment) / sizeof(T), Code::kOutOfMemory, "a blob of ", count,
          " elements is larger than the address space");
  const size_t bytes = count * sizeof(T);
  // calloc, because the system hands out large blocks as zero pages that cost nothing until
  // they are touched.
  memory_.reset(std::calloc(bytes + kAlignment, 1));
  if (!memory_) {
    capacity_ = 0;
    throw std::bad_alloc();
  }
  g_allocated += static_cast<int64_t>(bytes);
  const auto address = reinterpret_cast<uintptr_t>(memory_.get());
  data_ = reinterpret_cast<T*>((address + kAlignment - 1) / kAlignment * kAlignment);
  ask_for_huge_pages(address, bytes);
  capacity_ = count;
}

template <typename T>
AlignedArray<T> ArrayPool<T>::take(size_t count) {
  auto best = free_.end();
  for (auto array = free_.begin(); array != free_.end(); ++array) {
    if (array->capacity() < count) continue;
    if (best == free_.end() || array->capacity() < best->capacity()) best = array;
  }
  if (best == free_.end()) return {};
  AlignedArray<T> taken = std::move(*best);
  free_.erase(best);
  return taken;
}

template <typename T>
size_t ArrayPool<T>::bytes() const {
  size_t elements = 0;
  for (const auto& array : free_) elements += array.capacity();
  return elements * sizeof(T);
}

template <typename T>
void Storage<T>::resize(size_t count) {
  if (copies_.empty()) copies_.push_back(std::make_unique<Copy>());
  if (count == count_) return;
  if (dropped_on_resize_ && !pinned_) set_zero();
  keep_only_plain();
  Copy& plain = *copies_[0];
  if (zero_) {
    plain.fresh = false;  // memory is taken when somebody asks for values
  } else if (count > plain.values.capacity()) {
    AlignedArray<T> larger;
    larger.resize(count);
    std::copy_n(plain.values.data(), count_, larger.data());
    plain.values = std::move(larger);
  }
  count_ = count;
}

template <typename T>
void Storage<T>::keep_only_plain() {
  if (!zero_) read();
  for (size_t i = 1; i < copies_.size(); ++i) {
    if (copies_[i]->values.capacity() > 0) spares().give(std::move(copies_[i]->values));
  }
  copies_.resize(1);
  current_ = nullptr;
}

template <typename T>
typename Storage<T>::Copy& Storage<T>::copy_in(const FormatPtr& format) {
  for (auto& copy : copies_) {
    if (same_format(copy->format, format)) return *copy;
  }
  copies_.push_back(std::make_unique<Copy>());
  copies_.back()->format = format;
  return *copies_.back();
}

template <typename T>
typename Storage<T>::Copy* Storage<T>::fresh_copy() {
  // Prefer the copy that was written: it is the one most likely to convert directly.
  Copy& current = copy_in(current_);
  if (current.fresh) return &current;
  for (auto& copy : copies_) {
    if (copy->fresh) return copy.get();
  }
  return nullptr;
}

template <typename T>
bool Storage<T>::provide(Copy& copy, size_t size) {
  if (size <= copy.values.capacity()) return false;
  copy.values = spares().take(size);
  if (size <= copy.values.capacity()) {
    // What fills up blocks of channels has to be zero, and writers may leave it as it is.
    if (size != count_) std::fill_n(copy.values.data(), size, T(0));
    return size != count_;
  }
  own_spares_ = {};  // too small
  copy.values.resize(size);
  return true;
}

template <typename T>
void Storage<T>::release() {
  if (!may_release()) return;
  for (auto& copy : copies_) {
    if (copy->values.capacity() > 0) pool_->give(std::move(copy->values));
  }
  leave_out();
}

template <typename T>
void Storage<T>::leave_out() {
  for (auto& copy : copies_) {
    copy->values = AlignedArray<T>();
    copy->fresh = false;
  }
  current_ = nullptr;
  zero_ = true;
  released_ = true;
}

template <typename T>
bool Storage<T>::take(Storage& other) {
  if (!may_release() || !other.may_release() || this == &other) return false;
  if (count_ != other.count_ || other.zero_) return false;
  release();
  std::swap(copies_, other.copies_);
  std::swap(current_, other.current_);
  std::swap(zero_, other.zero_);
  std::swap(released_, other.released_);
  ++version_;
  return true;
}

template <typename T>
void Storage<T>::make_fresh(Copy& target) {
  const size_t size = target.format ? target.format->size() : count_;
  if (target.fresh) return;
  const bool zeros = provide(target, size);
  Copy* source = zero_ ? nullptr : fresh_copy();
  if (source == nullptr) {
    if (!zeros) std::fill_n(target.values.data(), size, T(0));
    target.fresh = true;
    return;
  }
  ++conversions_;
  if constexpr (std::is_same_v<T, float>) {
    const float* from = source->values.data();
    float* to = target.values.data();
    if (!target.format) {
      source->format->unpack(from, to);
    } else if (!source->format) {
      target.format->pack(from, to);
    } else if (!source->format->convert(from, *target.format, to)) {
      make_fresh(*copies_[0]);
      target.format->pack(copies_[0]->values.data(), to);
    }
    target.fresh = true;
  } else {
    fail(Code::kInternal, "only float storages have packed formats");
  }
}

template <typename T>
void Storage<T>::only_fresh(const Copy& copy) {
  for (auto& other : copies_) other->fresh = other.get() == &copy;
  zero_ = false;
  released_ = false;
  ++version_;
}

// Plain memory of a pinned storage may have been changed by its user unseen, so packed
// copies are made anew. Only a packed write that is not finished yet is newer.
template <typename T>
void Storage<T>::distrust(Copy& copy) const {
  if (pinned_ && copy.format && copies_[0]->fresh) copy.fresh = false;
}

template <typename T>
size_t Storage<T>::bytes() const {
  size_t elements = 0;
  for (const auto& copy : copies_) elements += copy->values.capacity();
  return elements * sizeof(T) + own_spares_.bytes();
}

template <typename T>
const T* Storage<T>::read(const FormatPtr& format) {
  Copy& copy = copy_in(format);
  distrust(copy);
  make_fresh(copy);
  return copy.values.data();
}

template <typename T>
T* Storage<T>::read_write(const FormatPtr& format) {
  Copy& copy = copy_in(format);
  distrust(copy);
  make_fresh(copy);
  only_fresh(copy);
  current_ = format;
  return copy.values.data();
}

template <typename T>
T* Storage<T>::write(const FormatPtr& format) {
  Copy& copy = copy_in(format);
  provide(copy, format ? format->size() : count_);
  only_fresh(copy);
  current_ = format;
  return copy.values.data();
}

template <typename T>
void Storage<T>::written(const FormatPtr& format) {
  if (!pinned_ || !format) return;
  make_fresh(*copies_[0]);
  only_fresh(*copies_[0]);
  current_ = nullptr;
}

template <typename T>
void Storage<T>::set_zero() {
  ++version_;
  for (auto& copy : copies_) copy->fresh = false;
  current_ = nullptr;
  zero_ = true;
  released_ = false;
  if (pinned_) {
    std::fill_n(copies_[0]->values.data(), count_, T(0));
    only_fresh(*copies_[0]);
  }
}

template <typename T>
T* Storage<T>::pin() {
  T* values = read_write();
  pinned_ = true;
  return values;
}

template class AlignedArray<float>;
template class AlignedArray<double>;
template class ArrayPool<float>;
template class ArrayPool<double>;
template class Storage<float>;
template class Storage<double>;

}  // namespace caffe
