// Whole storages to and from plain arrays.
#pragma once

#include <algorithm>
#include <type_traits>

#include "caffe/storage.hpp"

namespace caffe {

// Plain-order values to `out`, converted on the way if they lie in a packed format.
template <typename T>
void read_flat(Storage<T>& storage, T* out) {
  if constexpr (std::is_same_v<T, float>) {
    const FormatPtr format = storage.is_zero() ? nullptr : storage.current_format();
    if (format) {
      format->unpack(storage.read(format), out);
      return;
    }
  }
  std::copy_n(storage.read(), storage.count(), out);
}

template <typename T>
void write_flat(const T* values, Storage<T>* storage) {
  std::copy_n(values, storage->count(), storage->write());
  storage->written();
}

}  // namespace caffe
