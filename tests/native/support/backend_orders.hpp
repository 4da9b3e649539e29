// The orders of back ends under which whole nets are compared with Caffe.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "caffe/ops/backend.hpp"

namespace caffe {
namespace test {

// As a net runs (oneDNN where it can), and on the reference back end alone.
inline auto backend_orders() {
  return ::testing::Values(std::vector<Backend>{Backend::kOneDnn, Backend::kReference},
                           std::vector<Backend>{Backend::kReference});
}

inline std::string order_name(const ::testing::TestParamInfo<std::vector<Backend>>& info) {
  return info.param.size() == 1 ? "Reference" : "OneDnn";
}

}  // namespace test
}  // namespace caffe
