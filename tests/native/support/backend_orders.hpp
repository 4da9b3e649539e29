// The orders of back ends under which whole nets are compared with Caffe.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "caffe/ops/backend.hpp"

namespace caffe {
namespace test {

// As a net runs (the fastest that can do an op), and on the reference back end alone.
inline auto backend_orders() {
  return ::testing::Values(backend_order(), std::vector<Backend>{Backend::kReference});
}

inline std::string order_name(const std::vector<Backend>& order) {
  return order.size() == 1 ? "Reference" : "Fastest";
}

inline std::string order_param_name(const ::testing::TestParamInfo<std::vector<Backend>>& info) {
  return order_name(info.param);
}

}  // namespace test
}  // namespace caffe
