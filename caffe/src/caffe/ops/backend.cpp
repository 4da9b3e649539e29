#include "caffe/ops/backend.hpp"

#include <utility>

namespace caffe {

namespace {

std::vector<Backend>& order() {
  thread_local std::vector<Backend> order = {Backend::kSimd, Backend::kOneDnn, Backend::kReference};
  return order;
}

}  // namespace

const char* backend_name(Backend backend) {
  switch (backend) {
    case Backend::kSimd: return "simd";
    case Backend::kOneDnn: return "onednn";
    default: return "reference";
  }
}

const std::vector<Backend>& backend_order() { return order(); }

BackendScope::BackendScope(std::vector<Backend> narrowed) : saved_(order()) {
  order() = std::move(narrowed);
}

BackendScope::~BackendScope() { order() = saved_; }

}  // namespace caffe
