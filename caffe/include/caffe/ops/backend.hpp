// Which back ends are asked for an operation, and in which order.
#pragma once

#include <vector>

namespace caffe {

enum class Backend { kSimd, kOneDnn, kReference };

// "simd", "onednn", "reference".
const char* backend_name(Backend backend);

// What all ops are.
struct Op {
  virtual ~Op() = default;
  Backend backend = Backend::kReference;  // that made it
};

// The order in which back ends are tried on this thread when an op is created. Each
// says whether it can do that op; `reference` can do all. Tests narrow the order to
// compare back ends.
const std::vector<Backend>& backend_order();

// Narrows the order for the life of this object, on this thread.
class BackendScope {
 public:
  explicit BackendScope(std::vector<Backend> order);
  ~BackendScope();
  BackendScope(const BackendScope&) = delete;
  BackendScope& operator=(const BackendScope&) = delete;

 private:
  std::vector<Backend> saved_;
};

}  // namespace caffe
