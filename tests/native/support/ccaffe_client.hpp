// A client of the C API, as thin as tests allow.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ccaffe.h"
#include "support/fed_net.hpp"

namespace ccaffe_test {

// Fails the test unless the call succeeded.
inline void ok(ccaffe_status status) { ASSERT_EQ(status, CCAFFE_OK) << ccaffe_last_error(); }

// The call failed with this code, and its message contains `part`.
inline void expect_status(ccaffe_status status, ccaffe_status expected, const std::string& part) {
  EXPECT_EQ(status, expected) << ccaffe_last_error();
  EXPECT_NE(std::string(ccaffe_last_error()).find(part), std::string::npos)
      << "'" << ccaffe_last_error() << "' does not contain '" << part << "'";
}

// The content of a buffer, which is destroyed.
inline std::string take(ccaffe_buffer* buffer) {
  const char* data = nullptr;
  size_t size = 0;
  EXPECT_EQ(ccaffe_buffer_content(buffer, &data, &size), CCAFFE_OK) << ccaffe_last_error();
  std::string content(data, size);
  EXPECT_EQ(data[size], '\0');
  EXPECT_EQ(ccaffe_buffer_destroy(buffer), CCAFFE_OK);
  return content;
}

inline std::string message(int32_t kind, const std::string& text) {
  ccaffe_buffer* buffer = nullptr;
  EXPECT_EQ(ccaffe_spec_from_text(kind, text.data(), text.size(), "test", &buffer), CCAFFE_OK)
      << ccaffe_last_error();
  return buffer == nullptr ? "" : take(buffer);
}

// A net of its own.
class OwnNet {
 public:
  explicit OwnNet(const std::string& text, int32_t phase = CCAFFE_PHASE_TRAIN, int64_t seed = -1) {
    const std::string bytes = message(CCAFFE_SPEC_NET, text);
    EXPECT_EQ(ccaffe_net_create(bytes.data(), bytes.size(), phase, 0, seed, &net_), CCAFFE_OK)
        << ccaffe_last_error();
  }
  ~OwnNet() { ccaffe_net_destroy(net_); }
  OwnNet(const OwnNet&) = delete;
  OwnNet& operator=(const OwnNet&) = delete;
  operator ccaffe_net*() const { return net_; }

 private:
  ccaffe_net* net_ = nullptr;
};

// A solver on the fed net, with feeds on all its nets.
class OwnSolver {
 public:
  explicit OwnSolver(const std::string& text =
                         "base_lr: 0.05 momentum: 0.9 test_iter: 1 "
                         "test_interval: 1000") {
    const std::string bytes =
        message(CCAFFE_SPEC_SOLVER, "lr_policy: 'fixed' random_seed: 3 " + text + " net_param { " +
                                        caffe::test::fed_net() + " }");
    EXPECT_EQ(ccaffe_solver_create(bytes.data(), bytes.size(), 0, &solver_), CCAFFE_OK)
        << ccaffe_last_error();
    EXPECT_EQ(ccaffe_solver_net(solver_, &net_), CCAFFE_OK);
    EXPECT_EQ(ccaffe_net_set_feed(net_, feed, this), CCAFFE_OK);
    int32_t tests = 0;
    EXPECT_EQ(ccaffe_solver_num_test_nets(solver_, &tests), CCAFFE_OK);
    for (int32_t i = 0; i < tests; ++i) {
      ccaffe_net* test = nullptr;
      EXPECT_EQ(ccaffe_solver_test_net(solver_, i, &test), CCAFFE_OK);
      EXPECT_EQ(ccaffe_net_set_feed(test, feed, this), CCAFFE_OK);
    }
  }
  ~OwnSolver() { ccaffe_solver_destroy(solver_); }
  OwnSolver(const OwnSolver&) = delete;
  OwnSolver& operator=(const OwnSolver&) = delete;
  operator ccaffe_solver*() const { return solver_; }
  ccaffe_net* net() const { return net_; }

  std::vector<float> weights() const {
    int64_t count = 0;
    EXPECT_EQ(ccaffe_net_weights_count(net_, &count), CCAFFE_OK);
    std::vector<float> values(count);
    EXPECT_EQ(ccaffe_net_read_weights(net_, values.data(), count), CCAFFE_OK);
    return values;
  }

  int32_t feed_status = 0;  // what the feed returns; others than 0 leave data unwritten

 private:
  static int32_t feed(void* self, int32_t num_tops, float* const* tops, const int64_t* counts) {
    auto* solver = static_cast<OwnSolver*>(self);
    if (solver->feed_status != 0) return solver->feed_status;
    solver->feeder_({tops, tops + num_tops}, {counts, counts + num_tops});
    return 0;
  }

  ccaffe_solver* solver_ = nullptr;
  ccaffe_net* net_ = nullptr;
  caffe::test::Feeder feeder_;
};

}  // namespace ccaffe_test
