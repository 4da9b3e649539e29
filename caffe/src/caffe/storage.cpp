#include "caffe/storage.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <type_traits>

#include "caffe/error.hpp"

namespace caffe {

namespace {

constexpr size_t kAlignment = 64;

}  // namespace

template <typename T>
void AlignedArray<T>::resize(size_t count) {
  if (count <= capacity_) return;
  require(count <= (SIZE_MAX - kAlignment) / sizeof(T), Code::kOutOfMemory, "a blob of ", count,
          " elements is larger than the address space");
  // calloc, because the system hands out large blocks as zero pages that cost nothing until
  // they are touched.
  memory_.reset(std::calloc(count * sizeof(T) + kAlignment, 1));
  if (!memory_) {
    capacity_ = 0;
    throw std::bad_alloc();
  }
  const auto address = reinterpret_cast<uintptr_t>(memory_.get());
  data_ = reinterpret_cast<T*>((address + kAlignment - 1) / kAlignment * kAlignment);
  capacity_ = count;
}

template <typename T>
void Storage<T>::resize(size_t count) {
  if (copies_.empty()) copies_.push_back(std::make_unique<Copy>());
  if (count == count_) return;
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
void Storage<T>::make_fresh(Copy& target) {
  const size_t size = target.format ? target.format->size() : count_;
  if (target.fresh) return;
  const bool new_memory = size > target.values.capacity();
  target.values.resize(size);
  Copy* source = zero_ ? nullptr : fresh_copy();
  if (source == nullptr) {
    if (!new_memory) std::fill_n(target.values.data(), size, T(0));
    target.fresh = true;
    return;
  }
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
}

// Plain memory of a pinned storage may have been changed by its user unseen, so packed
// copies are made anew. Only a packed write that is not finished yet is newer.
template <typename T>
void Storage<T>::distrust(Copy& copy) const {
  if (pinned_ && copy.format && copies_[0]->fresh) copy.fresh = false;
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
  copy.values.resize(format ? format->size() : count_);
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
  for (auto& copy : copies_) copy->fresh = false;
  current_ = nullptr;
  zero_ = true;
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
template class Storage<float>;
template class Storage<double>;

}  // namespace caffe
