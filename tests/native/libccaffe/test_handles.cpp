#include <gtest/gtest.h>

#include <functional>

#include "support/ccaffe_client.hpp"
#include "support/temp_dir.hpp"

namespace ccaffe_test {
namespace {

using Call = std::function<ccaffe_status()>;

// A trained net whose feed makes calls of the test's.
class CallsFromAFeed : public ::testing::Test {
 protected:
  CallsFromAFeed() {
    const std::string text =
        message(CCAFFE_SPEC_SOLVER,
                "base_lr: 0.1 lr_policy: 'fixed' test_iter: 1 test_interval: 10 net_param { " +
                    caffe::test::fed_net(
                        "layer { name: 'mem' type: 'MemoryData' top: 'm' top: 'n' "
                        "  memory_data_param { batch_size: 1 channels: 1 height: 1 width: 1 } }"
                        "layer { name: 'silence' type: 'Silence' bottom: 'm' bottom: 'n' }") +
                    " }");
    ok(ccaffe_solver_create(text.data(), text.size(), 0, &solver_));
    ok(ccaffe_solver_net(solver_, &net_));
    ok(ccaffe_net_set_feed(net_, feed, this));
    ok(ccaffe_net_blob(net_, 0, &data_));
    int32_t layers = 0;
    ok(ccaffe_net_num_layers(net_, &layers));
    for (memory_ = 0; memory_ < layers; ++memory_) {
      const char* name = nullptr;
      ok(ccaffe_net_layer_name(net_, memory_, &name));
      if (std::string(name) == "mem") break;
    }
    const float one = 1;
    ok(ccaffe_net_set_memory_data(net_, memory_, &one, 1, &one, 1));
  }
  ~CallsFromAFeed() override { ok(ccaffe_solver_destroy(solver_)); }

  static int32_t feed(void* self, int32_t num_tops, float* const* tops, const int64_t* counts) {
    auto* test = static_cast<CallsFromAFeed*>(self);
    for (const auto& call : test->calls_) call();
    for (int32_t i = 0; i < num_tops; ++i) std::fill_n(tops[i], counts[i], 0.f);
    return 0;
  }

  std::vector<std::function<void()>> calls_;
  ccaffe_solver* solver_ = nullptr;
  ccaffe_net* net_ = nullptr;
  ccaffe_blob* data_ = nullptr;
  int32_t memory_ = 0;
};

TEST_F(CallsFromAFeed, ThatWouldChangeWhatRunsAreRefused) {
  const caffe::test::TempDir dir;
  ok(ccaffe_net_save(net_, (dir / "w").c_str()));
  std::vector<float> many(10000);
  const int64_t dims[4] = {100, 1, 6, 6};
  int64_t weights = 0, history = 0;
  ok(ccaffe_net_weights_count(net_, &weights));
  ok(ccaffe_solver_history_count(solver_, &history));
  const std::vector<std::pair<const char*, Call>> refused = {
      {"set_feed", [&] { return ccaffe_net_set_feed(net_, nullptr, nullptr); }},
      {"set_data_callback",
       [&] { return ccaffe_net_set_data_callback(net_, 0, nullptr, nullptr); }},
      {"set_batch_size", [&] { return ccaffe_net_set_batch_size(net_, 200); }},
      {"set_memory_data",
       [&] { return ccaffe_net_set_memory_data(net_, memory_, many.data(), 9, many.data(), 9); }},
      {"net_destroy", [&] { return ccaffe_solver_destroy(solver_); }},
      {"blob_reshape", [&] { return ccaffe_blob_reshape(data_, dims, 4); }},
      {"net_reshape", [&] { return ccaffe_net_reshape(net_); }},
      {"forward", [&] { return ccaffe_net_forward(net_, -1, -1, nullptr); }},
      {"backward", [&] { return ccaffe_net_backward(net_, -1, -1); }},
      {"clear_gradients", [&] { return ccaffe_net_clear_gradients(net_); }},
      {"load", [&] { return ccaffe_net_load(net_, (dir / "w").c_str(), nullptr); }},
      {"write_weights", [&] { return ccaffe_net_write_weights(net_, many.data(), weights); }},
      {"step", [&] { return ccaffe_solver_step(solver_, 1, nullptr); }},
      {"test", [&] { return ccaffe_solver_test(solver_, 0, 1); }},
      {"set_auto_test", [&] { return ccaffe_solver_set_auto_test(solver_, 1); }},
      {"set_iteration", [&] { return ccaffe_solver_set_iteration(solver_, 0); }},
      {"set_seed", [&] { return ccaffe_solver_set_seed(solver_, 0); }},
      {"set_learning_rate", [&] { return ccaffe_solver_set_learning_rate(solver_, nullptr); }},
      {"write_history", [&] { return ccaffe_solver_write_history(solver_, many.data(), history); }},
      {"restore", [&] { return ccaffe_solver_restore(solver_, (dir / "w").c_str(), nullptr); }},
  };
  for (const auto& [name, call] : refused) {
    calls_.emplace_back([name = name, call = call] {
      SCOPED_TRACE(name);
      expect_status(call(), CCAFFE_STATE, "a Python layer of a running net may read it");
    });
  }
  ok(ccaffe_solver_step(solver_, 2, nullptr));
  ok(ccaffe_net_forward(net_, -1, -1, nullptr));
  calls_.clear();  // none of them has changed anything, and all may be made again
  ok(ccaffe_net_set_batch_size(net_, 3));
  ok(ccaffe_solver_step(solver_, 1, nullptr));
  int32_t iteration = 0;
  ok(ccaffe_solver_iteration(solver_, &iteration));
  EXPECT_EQ(iteration, 3);
}

TEST_F(CallsFromAFeed, MayReadAndWriteValuesOfBlobs) {
  ccaffe_blob* weights = nullptr;
  ok(ccaffe_net_param(net_, 2, 0, &weights));
  std::vector<float> values(288);
  int32_t calls = 0;
  calls_.emplace_back([&] {
    ++calls;
    float rate = 0, *memory = nullptr;
    int32_t axes = 0;
    std::vector<float> all(1000);
    int64_t count = 0;
    ccaffe_buffer* shapes = nullptr;
    ok(ccaffe_blob_shape(data_, nullptr, 0, &axes));
    ok(ccaffe_blob_read(data_, CCAFFE_DATA, values.data(), 288));
    ok(ccaffe_blob_write(data_, CCAFFE_DATA, values.data(), 288));
    ok(ccaffe_blob_pointer(weights, CCAFFE_DATA, &memory));
    ok(ccaffe_net_weights_count(net_, &count));
    all.resize(count);
    ok(ccaffe_net_read_weights(net_, all.data(), count));
    ok(ccaffe_solver_learning_rate(solver_, &rate));
    ok(ccaffe_net_feed_shapes(net_, &shapes));
    EXPECT_EQ(take(shapes), "data 8 1 6 6\nlabel 8 1\n");
  });
  ok(ccaffe_solver_step(solver_, 2, nullptr));
  EXPECT_EQ(calls, 2);
}

TEST_F(CallsFromAFeed, MayRunAnotherNet) {
  const OwnNet other(
      "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 2 } } }"
      "layer { name: 'p' type: 'Power' bottom: 'x' top: 'y' }");
  calls_.emplace_back([&] { ok(ccaffe_net_forward(other, -1, -1, nullptr)); });
  ok(ccaffe_solver_step(solver_, 1, nullptr));
}

}  // namespace
}  // namespace ccaffe_test
