// Parameters that a forward pass changes, kept for the case that the iteration fails.
#pragma once

#include <algorithm>
#include <memory>
#include <set>
#include <vector>

#include "caffe/net.hpp"

namespace caffe {

// Copies the parameters of those layers that change them in forward: BatchNorm's running
// statistics, which are small, and whatever a Python layer has. Gives them their values back at
// its end, unless the iteration came through.
template <typename T>
class KeptStatistics {
 public:
  explicit KeptStatistics(const Net<T>& net) {
    std::set<const Storage<T>*> known;  // shared ones once
    for (const auto& layer : net.layers()) {
      if (!layer->forward_changes_params()) continue;
      for (const auto& blob : layer->blobs()) {
        if (!known.insert(&blob->data()).second) continue;
        kept_.push_back({blob->data_ptr(), std::vector<T>(blob->count())});
        std::copy_n(blob->cpu_data(), blob->count(), kept_.back().values.begin());
      }
    }
  }

  ~KeptStatistics() {
    if (came_through_) return;
    // The memory that was read in plain order is still there, so nothing can fail here.
    for (const Kept& kept : kept_) {
      std::copy(kept.values.begin(), kept.values.end(), kept.storage->write());
      kept.storage->written();
    }
  }
  KeptStatistics(const KeptStatistics&) = delete;
  KeptStatistics& operator=(const KeptStatistics&) = delete;

  void came_through() { came_through_ = true; }

 private:
  struct Kept {
    std::shared_ptr<Storage<T>> storage;
    std::vector<T> values;
  };

  std::vector<Kept> kept_;
  bool came_through_ = false;
};

}  // namespace caffe
