#include <gtest/gtest.h>
#include <omp.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "support/ccaffe_client.hpp"
#include "support/temp_dir.hpp"

// Defined in test_plain_c.c.
extern "C" int run_from_plain_c(void);

namespace ccaffe_test {
namespace {

TEST(Library, VersionHasThreeParts) {
  int major = 0, minor = 0, patch = 0;
  EXPECT_EQ(std::sscanf(ccaffe_version(), "%d.%d.%d", &major, &minor, &patch), 3)
      << ccaffe_version();
}

TEST(Library, ErrorsAreOfTheirThread) {
  expect_status(ccaffe_net_destroy(nullptr), CCAFFE_INVALID_ARGUMENT, "net is null");
  std::string elsewhere = "unset";
  std::thread([&] { elsewhere = ccaffe_last_error(); }).join();
  EXPECT_EQ(elsewhere, "");
  EXPECT_STREQ(ccaffe_last_error(), "net is null");
}

TEST(Library, DefaultThreads) {
  int32_t threads = 0;
  ok(ccaffe_default_threads(&threads));
  EXPECT_EQ(threads, omp_get_num_procs());
  expect_status(ccaffe_default_threads(nullptr), CCAFFE_INVALID_ARGUMENT, "threads is null");
}

TEST(Library, WorkingDirectory) {
  const auto here = std::filesystem::current_path();
  const caffe::test::TempDir dir;
  ok(ccaffe_set_working_directory(dir.path().c_str()));
  EXPECT_TRUE(std::filesystem::equivalent(std::filesystem::current_path(), dir.path()));
  ok(ccaffe_set_working_directory(here.c_str()));
  expect_status(ccaffe_set_working_directory("no/such/place"), CCAFFE_IO,
                "'no/such/place' cannot be entered: No such file");
}

TEST(Library, GpuModeRunsOnTheCpuWithOneWarning) {
  const caffe::test::TempDir dir;
  ok(ccaffe_log_to((dir / "log").c_str(), 0));
  ok(ccaffe_set_gpu_mode(1));
  ok(ccaffe_set_gpu_mode(1));
  ok(ccaffe_set_device(0));
  ok(ccaffe_set_gpu_mode(0));
  ok(ccaffe_log_to(nullptr, 0));
  const std::string text = caffe::test::read_file(dir / "log");
  // None if another test of this process has had it.
  EXPECT_LE(text.size() - (text.empty() ? 0 : text.find('\n') + 1), 0u) << text;
  expect_status(ccaffe_set_device(-1), CCAFFE_INVALID_ARGUMENT, "device -1");
}

TEST(Library, LogLevels) {
  expect_status(ccaffe_log_to(nullptr, 4), CCAFFE_INVALID_ARGUMENT, "min_level 4");
  expect_status(ccaffe_log_to("no/such/place", 0), CCAFFE_IO, "no/such/place");
  ok(ccaffe_log_to(nullptr, 0));
}

TEST(Library, WarningsGoToTheCallback) {
  std::vector<std::string> told;
  ok(ccaffe_set_warning_callback(
      [](void* context, const char* text) {
        static_cast<std::vector<std::string>*>(context)->push_back(text);
      },
      &told));
  // A layer of Caffe's first form, with a field that its type does not have.
  const std::string text =
      "layers { layer { name: 'r' type: 'relu' num_output: 3 } bottom: 'x' top: 'x' }";
  ccaffe_buffer* message = nullptr;
  ok(ccaffe_spec_from_text(CCAFFE_SPEC_NET, text.data(), text.size(), "old", &message));
  ok(ccaffe_buffer_destroy(message));
  const std::vector<std::string> expected = {
      "old: field num_output of layer 'r' (relu) has no meaning there and is dropped"};
  EXPECT_EQ(told, expected);
  ok(ccaffe_set_warning_callback(nullptr, nullptr));
  ok(ccaffe_spec_from_text(CCAFFE_SPEC_NET, text.data(), text.size(), "old", &message));
  ok(ccaffe_buffer_destroy(message));
  EXPECT_EQ(told, expected);
}

TEST(Library, LayerTypesAreListed) {
  ccaffe_buffer* names = nullptr;
  ok(ccaffe_layer_types(&names));
  const std::string text = "\n" + take(names);
  for (const char* type : {"Convolution", "InnerProduct", "JavaData", "SoftmaxWithLoss"}) {
    EXPECT_NE(text.find("\n" + std::string(type) + "\n"), std::string::npos) << type;
  }
}

TEST(Library, DestroyedBuffersAreRefused) {
  ccaffe_buffer* names = nullptr;
  ok(ccaffe_layer_types(&names));
  ok(ccaffe_buffer_destroy(names));
  const char* data = nullptr;
  size_t size = 0;
  expect_status(ccaffe_buffer_content(names, &data, &size), CCAFFE_INVALID_HANDLE, "buffer");
  expect_status(ccaffe_buffer_destroy(names), CCAFFE_INVALID_HANDLE, "buffer");
  EXPECT_EQ(data, nullptr);
}

TEST(Library, PlainCCanUseIt) { EXPECT_EQ(run_from_plain_c(), 0) << ccaffe_last_error(); }

TEST(Library, SeedsMakeNetsRepeatable) {
  const std::string text =
      "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 3 } } }"
      "layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'y' inner_product_param { "
      "num_output: 2 weight_filler { type: 'gaussian' } } }";
  const auto weights = [&](int64_t seed) {
    const OwnNet net(text, CCAFFE_PHASE_TRAIN, seed);
    std::vector<float> values(8);
    ok(ccaffe_net_read_weights(net, values.data(), 8));
    return values;
  };
  EXPECT_EQ(weights(5), weights(5));
  EXPECT_NE(weights(5), weights(6));
}

}  // namespace
}  // namespace ccaffe_test
