// Whole storages to and from plain arrays of as many values as the caller says.
#pragma once

#include <type_traits>

#include "caffe/copy_values.hpp"
#include "caffe/error.hpp"
#include "caffe/storage.hpp"

namespace caffe {

template <typename T>
void check_flat(const Storage<T>& storage, int64_t count) {
  require(static_cast<int64_t>(storage.count()) == count, Code::kInternal, "an array of ", count,
          " values does not fit a storage of ", storage.count());
}

// Plain-order values to `out`, converted on the way if they lie in a packed format.
template <typename T>
void read_flat(Storage<T>& storage, int64_t count, T* out) {
  check_flat(storage, count);
  if constexpr (std::is_same_v<T, float>) {
    const FormatPtr format = storage.is_zero() ? nullptr : storage.current_format();
    if (format) {
      format->unpack(storage.read(format), out);
      return;
    }
  }
  copy_values(storage.read(), count, out);
}

template <typename T>
void write_flat(const T* values, int64_t count, Storage<T>* storage) {
  check_flat(*storage, count);
  copy_values(values, count, storage->write());
  storage->written();
}

}  // namespace caffe
