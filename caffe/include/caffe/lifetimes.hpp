// Storages of a net that leave their memory to each other.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "caffe/storage.hpp"

namespace caffe {

template <typename T>
class Lifetimes {
 public:
  using Readers = std::map<Storage<T>*, int>;

  // Each storage's memory goes into a pool when the last layer that reads it has run. -1: it stays.
  void share(const Readers& last_readers, int layers) {
    keep(last_readers);
    pool_ = std::make_shared<ArrayPool<T>>();
    last_read_by_.resize(layers);
    for (const auto& [storage, reader] : last_readers) {
      if (reader < 0) continue;
      storage->share_pool(pool_);
      last_read_by_[reader].push_back(storage);
    }
  }

  // All of it stays.
  void keep(const Readers& storages) {
    pool_ = nullptr;
    last_read_by_.clear();
    for (const auto& entry : storages) entry.first->share_pool(nullptr);
  }

  // A pass begins, in which they do so or not.
  void begin(bool share) {
    if (pool_) pool_->open(share);
  }

  // Whether nobody reads the storage after the layer.
  bool ends_with(const Storage<T>& storage, int layer) const {
    if (!pool_) return false;
    const auto& ending = last_read_by_[layer];
    return std::find(ending.begin(), ending.end(), &storage) != ending.end();
  }

  // The layer has run.
  void end(int layer) {
    if (!pool_) return;
    for (Storage<T>* storage : last_read_by_[layer]) storage->release();
  }

  // Memory that no storage has at the time.
  int64_t spare_bytes() const { return pool_ ? static_cast<int64_t>(pool_->bytes()) : 0; }

 private:
  std::shared_ptr<ArrayPool<T>> pool_;
  std::vector<std::vector<Storage<T>*>> last_read_by_;
};

}  // namespace caffe
