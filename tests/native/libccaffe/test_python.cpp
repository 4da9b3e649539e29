#include <gtest/gtest.h>

#include <cstdio>

#include "support/ccaffe_client.hpp"

namespace ccaffe_test {
namespace {

const char kNet[] =
    "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 3 } } }"
    "layer { name: 'mine' type: 'Python' bottom: 'x' top: 'y' "
    "  python_param { module: 'm' layer: 'L' } }";

struct Seen {
  std::vector<int32_t> steps;
  ccaffe_blob* top = nullptr;
  const char* failure = nullptr;
};

// Writes the sum of the bottom, into a top of one value that it shapes in forward.
int32_t sum(void* context, int32_t step, int64_t layer, const void* param, size_t param_size,
            int32_t num_bottoms, ccaffe_blob* const* bottoms, int32_t num_tops,
            ccaffe_blob* const* tops, const int32_t*, char* message, size_t capacity) {
  auto* seen = static_cast<Seen*>(context);
  seen->steps.push_back(step);
  if (layer <= 0 || param == nullptr || param_size == 0) return 90;
  if (step == CCAFFE_PYTHON_DESTROY) return num_bottoms + num_tops;
  if (num_bottoms != 1 || num_tops != 1) return 91;
  seen->top = tops[0];
  if (step != CCAFFE_PYTHON_FORWARD) return 0;
  if (seen->failure != nullptr) {
    std::snprintf(message, capacity, "%s", seen->failure);
    return 5;
  }
  const int64_t one = 1;
  float *x = nullptr, *y = nullptr;
  if (ccaffe_blob_reshape(tops[0], &one, 1) != CCAFFE_OK) return 92;
  if (ccaffe_blob_pointer(bottoms[0], CCAFFE_DATA, &x) != CCAFFE_OK) return 93;
  if (ccaffe_blob_pointer(tops[0], CCAFFE_DATA, &y) != CCAFFE_OK) return 94;
  *y = x[0] + x[1] + x[2];
  return 0;
}

class CPython : public ::testing::Test {
 protected:
  CPython() { ok(ccaffe_set_python_layer(sum, &seen_)); }
  ~CPython() override { ok(ccaffe_set_python_layer(nullptr, nullptr)); }
  Seen seen_;
};

TEST_F(CPython, ALayerReadsAndWritesItsBlobs) {
  {
    const OwnNet net(kNet, CCAFFE_PHASE_TEST);
    ccaffe_blob *x = nullptr, *y = nullptr;
    ok(ccaffe_net_blob(net, 0, &x));
    ok(ccaffe_net_blob(net, 1, &y));
    const float values[3] = {1, 2, 4};
    ok(ccaffe_blob_write(x, CCAFFE_DATA, values, 3));
    ok(ccaffe_net_forward(net, -1, -1, nullptr));
    float result = 0;
    ok(ccaffe_blob_read(y, CCAFFE_DATA, &result, 1));
    EXPECT_EQ(result, 7);
  }
  EXPECT_EQ(seen_.steps.front(), CCAFFE_PYTHON_SETUP);
  EXPECT_EQ(seen_.steps.back(), CCAFFE_PYTHON_DESTROY);
  int32_t axes = 0;
  expect_status(ccaffe_blob_shape(seen_.top, nullptr, 0, &axes), CCAFFE_INVALID_HANDLE, "blob");
}

TEST_F(CPython, AFailureCarriesItsText) {
  const OwnNet net(kNet, CCAFFE_PHASE_TEST);
  seen_.failure = "forward failed: ValueError: no";
  expect_status(ccaffe_net_forward(net, -1, -1, nullptr), CCAFFE_CALLBACK,
                "layer 'mine' (Python): m.L: forward failed: ValueError: no");
  seen_.failure = "";
  expect_status(ccaffe_net_forward(net, -1, -1, nullptr), CCAFFE_CALLBACK, "m.L: status 5");
}

}  // namespace
}  // namespace ccaffe_test
