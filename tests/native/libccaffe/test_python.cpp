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

// Makes calls that are refused, in every step but the last.
int32_t meddle(void* context, int32_t step, int64_t, const void*, size_t, int32_t,
               ccaffe_blob* const* bottoms, int32_t, ccaffe_blob* const* tops, const int32_t*,
               char*, size_t) {
  auto* net = static_cast<ccaffe_net**>(context);
  if (step == CCAFFE_PYTHON_DESTROY) return 0;
  const int64_t three = 3, four = 4;
  EXPECT_EQ(ccaffe_blob_reshape(bottoms[0], &three, 1), CCAFFE_OK);  // which it has
  expect_status(ccaffe_blob_reshape(bottoms[0], &four, 1), CCAFFE_STATE,
                "bottom 0 of a Python layer has the shape that another layer gives it");
  if (step == CCAFFE_PYTHON_BACKWARD) {
    expect_status(ccaffe_blob_reshape(tops[0], &four, 1), CCAFFE_STATE, "top 0 can be reshaped");
  } else {
    ok(ccaffe_blob_reshape(tops[0], &three, 1));
  }
  if (*net == nullptr) return 0;  // it is being made
  expect_status(ccaffe_net_reshape(*net), CCAFFE_STATE, "running net");
  expect_status(ccaffe_net_destroy(*net), CCAFFE_STATE, "running net");
  return 0;
}

class CPython : public ::testing::Test {
 protected:
  CPython() { ok(ccaffe_set_python_layer(sum, &seen_)); }
  ~CPython() override { ok(ccaffe_set_python_layer(nullptr, nullptr)); }
  Seen seen_;
};

TEST_F(CPython, ALayerDoesNotChangeTheNetThatRunsIt) {
  ccaffe_net* net = nullptr;
  ok(ccaffe_set_python_layer(meddle, &net));
  const OwnNet own(std::string("force_backward: true ") + kNet, CCAFFE_PHASE_TEST);
  net = own;
  ok(ccaffe_net_reshape(net));
  ok(ccaffe_net_forward(net, -1, -1, nullptr));
  ok(ccaffe_net_backward(net, -1, -1));
}

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

// y = w x, with the one value w a parameter.
struct Scale {
  int64_t layer = 0;
  ccaffe_blob* w = nullptr;
  std::vector<float*> filled;  // where setup wrote its 2
};

int32_t scale(void* context, int32_t step, int64_t layer, const void*, size_t, int32_t,
              ccaffe_blob* const* bottoms, int32_t, ccaffe_blob* const* tops, const int32_t*, char*,
              size_t) {
  auto* self = static_cast<Scale*>(context);
  const int64_t one = 1, three = 3, negative = -1;
  float *x = nullptr, *y = nullptr, *dy = nullptr, *w = nullptr, *dw = nullptr;
  if (step == CCAFFE_PYTHON_SETUP) {
    self->layer = layer;
    self->w = nullptr;
    if (ccaffe_python_add_param(layer + 1, &one, 1, &self->w) != CCAFFE_STATE) return 80;
    if (ccaffe_python_add_param(layer, &one, -1, &self->w) != CCAFFE_SHAPE) return 81;
    if (ccaffe_python_add_param(layer, &negative, 1, &self->w) != CCAFFE_SHAPE) return 82;
    if (ccaffe_python_add_param(layer, nullptr, 1, &self->w) != CCAFFE_INVALID_ARGUMENT) return 83;
    if (ccaffe_python_add_param(layer, &one, 1, nullptr) != CCAFFE_INVALID_ARGUMENT) return 84;
    if (self->w != nullptr) return 85;
    if (ccaffe_python_add_param(layer, &one, 1, &self->w) != CCAFFE_OK) return 86;
    if (ccaffe_blob_pointer(self->w, CCAFFE_DATA, &w) != CCAFFE_OK) return 87;
    *w = 2;
    self->filled.push_back(w);
    return 0;
  }
  if (step == CCAFFE_PYTHON_DESTROY) return 0;
  if (step == CCAFFE_PYTHON_RESHAPE) return ccaffe_blob_reshape(tops[0], &three, 1);
  if (ccaffe_blob_pointer(bottoms[0], CCAFFE_DATA, &x) != CCAFFE_OK) return 88;
  if (ccaffe_blob_pointer(tops[0], CCAFFE_DATA, &y) != CCAFFE_OK) return 89;
  if (ccaffe_blob_pointer(self->w, CCAFFE_DATA, &w) != CCAFFE_OK) return 90;
  if (step == CCAFFE_PYTHON_FORWARD) {
    ccaffe_blob* late = nullptr;
    if (ccaffe_python_add_param(layer, &one, 1, &late) != CCAFFE_STATE) return 91;
    for (int i = 0; i < 3; ++i) y[i] = *w * x[i];
    return 0;
  }
  if (ccaffe_blob_pointer(tops[0], CCAFFE_DIFF, &dy) != CCAFFE_OK) return 92;
  if (ccaffe_blob_pointer(self->w, CCAFFE_DIFF, &dw) != CCAFFE_OK) return 93;
  for (int i = 0; i < 3; ++i) *dw += dy[i] * x[i];
  return 0;
}

// The second layer gets the memory of the first one's parameter.
TEST(CPythonParams, PointersFromSetupOutliveSharing) {
  Scale self;
  ok(ccaffe_set_python_layer(scale, &self));
  const std::string layer =
      "type: 'Python' bottom: 'x' param { name: 'w' } python_param { module: 'm' layer: 'L' } }";
  const OwnNet net(
      "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 3 } } }"
      "layer { name: 'one' top: 'y' " +
      layer + "layer { name: 'two' top: 'z' " + layer);
  ok(ccaffe_set_python_layer(nullptr, nullptr));
  ASSERT_EQ(self.filled.size(), 2u);
  EXPECT_EQ(*self.filled[1], 2);
  *self.filled[1] = 7;
  float* shared = nullptr;
  ok(ccaffe_blob_pointer(self.w, CCAFFE_DATA, &shared));
  EXPECT_EQ(shared, self.filled[0]);
  EXPECT_EQ(*shared, 2);
}

TEST(CPythonParams, AreLearned) {
  Scale self;
  ok(ccaffe_set_python_layer(scale, &self));
  const std::string bytes =
      message(CCAFFE_SPEC_SOLVER,
              "base_lr: 0.1 lr_policy: 'fixed' net_param {"
              "layer { name: 'in' type: 'Input' top: 'x' top: 't'"
              "  input_param { shape { dim: 3 } shape { dim: 3 } } }"
              "layer { name: 'mine' type: 'Python' bottom: 'x' top: 'y' param { lr_mult: 0.5 }"
              "  python_param { module: 'm' layer: 'L' } }"
              "layer { name: 'loss' type: 'EuclideanLoss' bottom: 'y' bottom: 't' } }");
  ccaffe_solver* solver = nullptr;
  ok(ccaffe_solver_create(bytes.data(), bytes.size(), 0, &solver));
  ok(ccaffe_set_python_layer(nullptr, nullptr));
  ccaffe_net* net = nullptr;
  ccaffe_blob *x = nullptr, *w = nullptr, *late = nullptr;
  ok(ccaffe_solver_net(solver, &net));
  ok(ccaffe_net_blob(net, 0, &x));
  const float values[3] = {1, 2, 3};
  ok(ccaffe_blob_write(x, CCAFFE_DATA, values, 3));
  ok(ccaffe_net_param(net, 1, 0, &w));
  // t is 0, so the gradient is w (1 + 4 + 9) / 3; it starts from zero in each step.
  float expected = 2;
  for (int step = 0; step < 3; ++step) {
    ok(ccaffe_solver_step(solver, 1, nullptr));
    expected -= 0.05f * expected * 14 / 3;
    float value = 0;
    ok(ccaffe_blob_read(w, CCAFFE_DATA, &value, 1));
    EXPECT_NEAR(value, expected, 1e-5);
  }
  int64_t count = 0;
  ok(ccaffe_net_weights_count(net, &count));
  EXPECT_EQ(count, 1);
  const int64_t two = 2;
  expect_status(ccaffe_blob_reshape(self.w, &two, 1), CCAFFE_STATE, "parameter 0 of layer 'mine'");
  expect_status(ccaffe_python_add_param(self.layer, &two, 1, &late), CCAFFE_STATE,
                "is not in its setup");
  ok(ccaffe_solver_destroy(solver));
  int32_t axes = 0;
  expect_status(ccaffe_blob_shape(self.w, nullptr, 0, &axes), CCAFFE_INVALID_HANDLE, "blob");
}

}  // namespace
}  // namespace ccaffe_test
