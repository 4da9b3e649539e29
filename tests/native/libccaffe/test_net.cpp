#include <gtest/gtest.h>

#include "support/ccaffe_client.hpp"
#include "support/temp_dir.hpp"

namespace ccaffe_test {
namespace {

const char kNet[] =
    "name: 'n' layer { name: 'in' type: 'Input' top: 'x' top: 't' "
    "  input_param { shape { dim: 2 dim: 3 } shape { dim: 2 } } }"
    "layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'ip' inner_product_param { "
    "  num_output: 4 weight_filler { type: 'xavier' } } }"
    "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 't' top: 'loss' }"
    "layer { name: 'accuracy' type: 'Accuracy' bottom: 'ip' bottom: 't' top: 'accuracy' "
    "  include { phase: TEST } }";

ccaffe_status create(const std::string& text, ccaffe_net** net, int32_t threads = 0) {
  const std::string bytes = message(CCAFFE_SPEC_NET, text);
  return ccaffe_net_create(bytes.data(), bytes.size(), CCAFFE_PHASE_TRAIN, threads, -1, net);
}

TEST(CNet, PhaseChoosesLayers) {
  int32_t train = 0, test = 0, own = 0;
  ok(ccaffe_net_num_layers(OwnNet(kNet, CCAFFE_PHASE_TRAIN), &train));
  ok(ccaffe_net_num_layers(OwnNet(kNet, CCAFFE_PHASE_TEST), &test));
  ok(ccaffe_net_num_layers(OwnNet(kNet, CCAFFE_PHASE_OF_NET), &own));
  EXPECT_EQ(train, 3);
  EXPECT_EQ(test, 6);  // accuracy, and two Splits
  EXPECT_EQ(own, test);
}

TEST(CNet, DescribesItselfAsBuilt) {
  const OwnNet net(kNet, CCAFFE_PHASE_TEST);
  ccaffe_buffer* buffer = nullptr;
  ok(ccaffe_net_describe(net, &buffer));
  caffe::NetParameter param;
  ASSERT_TRUE(param.ParseFromString(take(buffer)));
  EXPECT_EQ(param.name(), "n");
  EXPECT_EQ(param.state().phase(), caffe::TEST);
  ASSERT_EQ(param.input_size(), 2);
  EXPECT_EQ(param.input(0), "x");
  EXPECT_EQ(param.layer(1).type(), "Split");
  EXPECT_EQ(param.layer(2).name(), "ip");
  EXPECT_EQ(param.layer(2).blobs(0).shape().dim(1), 3);
  EXPECT_EQ(param.layer(2).blobs(0).data_size(), 0);
}

TEST(CNet, GradientsThatAreNotKeptCannotBeRead) {
  const OwnNet net(kNet, CCAFFE_PHASE_TRAIN);
  ok(ccaffe_net_keep_gradients(net, 0));
  ok(ccaffe_net_forward(net, -1, -1, nullptr));
  ok(ccaffe_net_backward(net, -1, -1));
  int32_t blobs = 0, gone = 0;
  ok(ccaffe_net_num_blobs(net, &blobs));
  for (int32_t i = 0; i < blobs; ++i) {
    ccaffe_blob* blob = nullptr;
    ok(ccaffe_net_blob(net, i, &blob));
    int64_t dims[4];
    int32_t axes = 0;
    ok(ccaffe_blob_shape(blob, dims, 4, &axes));
    int64_t count = 1;
    for (int32_t k = 0; k < axes; ++k) count *= dims[k];
    std::vector<float> values(count);
    ok(ccaffe_blob_read(blob, CCAFFE_DATA, values.data(), count));
    if (ccaffe_blob_read(blob, CCAFFE_DIFF, values.data(), count) == CCAFFE_OK) continue;
    ++gone;
    EXPECT_NE(std::string(ccaffe_last_error()).find("its gradient is gone"), std::string::npos);
  }
  EXPECT_GT(gone, 0);
}

TEST(CNet, ValuesThatAreLeftOutCannotBeRead) {
  const std::string conv = "convolution_param { num_output: 3 kernel_size: 1 } }";
  const std::string text =
      "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 3 dim: 2 dim: 2 "
      "} } } layer { name: 'a' type: 'Convolution' bottom: 'x' top: 'a' " +
      conv + "layer { name: 'b' type: 'Convolution' bottom: 'a' top: 'b' " + conv +
      "layer { name: 'y' type: 'Eltwise' bottom: 'a' bottom: 'b' top: 'y' }";
  const OwnNet net(text, CCAFFE_PHASE_TEST);
  const auto blob = [&](int32_t index) {
    ccaffe_blob* lent = nullptr;
    ok(ccaffe_net_blob(net, index, &lent));
    return lent;
  };
  int32_t b = 0;
  for (const char* name = ""; std::string(name) != "b"; ++b)
    ok(ccaffe_net_blob_name(net, b, &name));
  --b;
  std::vector<float> values(12);
  float* pointer = nullptr;
  ok(ccaffe_net_keep_values(net, nullptr, 0));
  ok(ccaffe_net_forward(net, -1, -1, nullptr));
  for (const ccaffe_status status : {ccaffe_blob_read(blob(b), CCAFFE_DATA, values.data(), 12),
                                     ccaffe_blob_pointer(blob(b), CCAFFE_DATA, &pointer)}) {
    EXPECT_EQ(status, CCAFFE_STATE);
    EXPECT_STREQ(
        ccaffe_last_error(),
        "blob 'b': the last pass has left its values out, as its net was not asked to keep "
        "them");
  }
  ok(ccaffe_net_keep_values(net, &b, 1));
  ok(ccaffe_net_forward(net, -1, -1, nullptr));
  ok(ccaffe_blob_read(blob(b), CCAFFE_DATA, values.data(), 12));
  const int32_t unknown = 99;
  EXPECT_EQ(ccaffe_net_keep_values(net, &unknown, 1), CCAFFE_INVALID_ARGUMENT);
  ok(ccaffe_net_keep_values(net, nullptr, -1));
}

TEST(CNet, TellsItsPlan) {
  const OwnNet net(kNet, CCAFFE_PHASE_TEST);
  ccaffe_buffer* buffer = nullptr;
  ok(ccaffe_net_plan(net, &buffer));
  const std::string plan = take(buffer);
  EXPECT_NE(plan.find("\tip\tInnerProduct\n"), std::string::npos) << plan;
  EXPECT_NE(plan.find("\nnet\t"), std::string::npos) << plan;
}

TEST(CNet, OutputsAreAlphabetical) {
  const OwnNet net(kNet, CCAFFE_PHASE_TEST);
  int32_t count = 0, indices[1] = {-1};
  ok(ccaffe_net_outputs(net, nullptr, 0, &count));
  EXPECT_EQ(count, 2);
  ok(ccaffe_net_outputs(net, indices, 1, &count));
  const char* name = nullptr;
  ok(ccaffe_net_blob_name(net, indices[0], &name));
  EXPECT_STREQ(name, "accuracy");
}

TEST(CNet, GradientsAddUntilCleared) {
  const OwnNet net(kNet);
  ccaffe_blob* weights = nullptr;
  ccaffe_blob* x = nullptr;
  ok(ccaffe_net_param(net, 1, 0, &weights));
  ok(ccaffe_net_blob(net, 0, &x));
  ok(ccaffe_blob_write(x, CCAFFE_DATA, caffe::test::ramp(6).data(), 6));
  float loss = 0, once[12], twice[12], cleared[12];
  ok(ccaffe_net_forward(net, -1, -1, &loss));
  EXPECT_GT(loss, 0);
  ok(ccaffe_net_backward(net, -1, -1));
  ok(ccaffe_blob_read(weights, CCAFFE_DIFF, once, 12));
  ok(ccaffe_net_backward(net, -1, -1));
  ok(ccaffe_blob_read(weights, CCAFFE_DIFF, twice, 12));
  ok(ccaffe_net_clear_gradients(net));
  ok(ccaffe_blob_read(weights, CCAFFE_DIFF, cleared, 12));
  for (int i = 0; i < 12; ++i) {
    EXPECT_NEAR(twice[i], 2 * once[i], 1e-6);
    EXPECT_EQ(cleared[i], 0);
  }
  EXPECT_NE(once[0], 0);
}

TEST(CNet, WeightsAreSavedAndLoaded) {
  const caffe::test::TempDir dir;
  const OwnNet first(kNet), second(kNet);
  ok(ccaffe_net_save(first, (dir / "w").c_str()));
  ccaffe_buffer* report = nullptr;
  ok(ccaffe_net_load(second, (dir / "w").c_str(), &report));
  EXPECT_EQ(take(report), dir / "w: took 1 of 1 layers");
  std::vector<float> a(16), b(16);
  ok(ccaffe_net_read_weights(first, a.data(), 16));
  ok(ccaffe_net_read_weights(second, b.data(), 16));
  EXPECT_EQ(a, b);
  const std::string whole = caffe::test::read_file(dir / "w");
  caffe::test::write_file(dir / "cut", whole.substr(0, whole.size() - 3));
  expect_status(ccaffe_net_load(second, (dir / "cut").c_str(), nullptr), CCAFFE_PARSE, "truncated");
  expect_status(ccaffe_net_load(second, (dir / "none").c_str(), nullptr), CCAFFE_IO, dir / "none");
  expect_status(ccaffe_net_load(second, nullptr, nullptr), CCAFFE_INVALID_ARGUMENT,
                "filename is null");
  expect_status(ccaffe_net_save(second, (dir / "no/w").c_str()), CCAFFE_IO, "no/w");
}

TEST(CNet, BadNetsAreNamedAndCreateNothing) {
  ccaffe_net* net = nullptr;
  expect_status(create("layer { name: 'a' type: 'Convolutoin' top: 'x' }", &net), CCAFFE_BAD_NET,
                "'Convolutoin'");
  expect_status(create("layer { name: 'a' type: 'ReLU' bottom: 'b' top: 'c' }", &net),
                CCAFFE_BAD_NET, "layer 'a': bottom 0, 'b'");
  expect_status(create("layer { name: 'd' type: 'Data' top: 'x' }", &net), CCAFFE_BAD_NET,
                "layer 'd'");
  expect_status(ccaffe_net_create("\xff\xff\xff", 3, 0, 0, -1, &net), CCAFFE_PARSE, "damaged");
  expect_status(ccaffe_net_create(nullptr, 0, 0, 0, -1, &net), CCAFFE_INVALID_ARGUMENT,
                "net_param");
  expect_status(ccaffe_net_create("", 0, 5, 0, -1, &net), CCAFFE_INVALID_ARGUMENT, "phase 5");
  expect_status(ccaffe_net_create("", 0, 0, 0, -1, &net), CCAFFE_BAD_NET, "no layers");
  expect_status(create("", &net, -1), CCAFFE_INVALID_ARGUMENT, "number of threads -1");
  expect_status(create("", &net, 4097), CCAFFE_INVALID_ARGUMENT, "number of threads 4097");
  EXPECT_EQ(net, nullptr);
}

TEST(CNet, IndicesAreChecked) {
  const OwnNet net(kNet);
  ccaffe_blob* blob = nullptr;
  const char* name = nullptr;
  int32_t count = -7;
  expect_status(ccaffe_net_blob(net, 4, &blob), CCAFFE_INVALID_ARGUMENT, "blob 4 is not in 0..3");
  expect_status(ccaffe_net_blob(net, -1, &blob), CCAFFE_INVALID_ARGUMENT, "blob -1");
  expect_status(ccaffe_net_blob_name(net, 99, &name), CCAFFE_INVALID_ARGUMENT, "blob 99");
  expect_status(ccaffe_net_layer_name(net, 3, &name), CCAFFE_INVALID_ARGUMENT, "layer 3");
  expect_status(ccaffe_net_num_params(net, -1, &count), CCAFFE_INVALID_ARGUMENT, "layer -1");
  expect_status(ccaffe_net_param(net, 1, 2, &blob), CCAFFE_INVALID_ARGUMENT, "layer 'ip' has 2");
  expect_status(ccaffe_net_forward(net, 0, 3, nullptr), CCAFFE_INVALID_ARGUMENT, "layers 0 to 3");
  expect_status(ccaffe_net_num_blobs(net, nullptr), CCAFFE_INVALID_ARGUMENT, "count is null");
  EXPECT_EQ(count, -7);
  EXPECT_EQ(blob, nullptr);
}

TEST(CNet, DeadAndForeignHandlesAreRefused) {
  ccaffe_net* net = nullptr;
  ok(create(kNet, &net));
  ccaffe_blob* blob = nullptr;
  ok(ccaffe_net_blob(net, 0, &blob));
  int32_t count = 0;
  expect_status(ccaffe_net_num_layers(reinterpret_cast<ccaffe_net*>(blob), &count),
                CCAFFE_INVALID_HANDLE, "live net");
  ok(ccaffe_net_destroy(net));
  expect_status(ccaffe_net_num_layers(net, &count), CCAFFE_INVALID_HANDLE, "live net");
  expect_status(ccaffe_net_destroy(net), CCAFFE_INVALID_HANDLE, "live net");
  expect_status(ccaffe_blob_shape(blob, nullptr, 0, &count), CCAFFE_INVALID_HANDLE, "live blob");
  int local = 0;
  expect_status(ccaffe_net_destroy(reinterpret_cast<ccaffe_net*>(&local)), CCAFFE_INVALID_HANDLE,
                "live net");
}

}  // namespace
}  // namespace ccaffe_test
