// Nets whose blobs are in blocks of channels, against the same nets in plain order and double
// precision on the reference back end.
#include <gtest/gtest.h>

#include <cmath>

#include "support/net_case.hpp"

namespace caffe {
namespace test {
namespace {

std::string conv(const std::string& bottom, const std::string& top, int outputs,
                 const std::string& fields = "") {
  return "layer { name: '" + top + "' type: 'Convolution' bottom: '" + bottom + "' top: '" + top +
         "' convolution_param { kernel_size: 3 pad: 1 num_output: " + std::to_string(outputs) +
         " weight_filler { type: 'xavier' } bias_filler { type: 'uniform' } " + fields + " } }";
}

// A layer of `names`: bottoms, then the top. Its own name is its type's and its top's.
std::string layer(const std::string& type, const std::vector<std::string>& names,
                  const std::string& fields = "") {
  std::string text = "layer { type: '" + type + "' name: '" + type + " " + names.back() + "' ";
  for (size_t i = 0; i + 1 < names.size(); ++i) text += "bottom: '" + names[i] + "' ";
  return text + "top: '" + names.back() + "' " + fields + " }";
}

std::string scale(const std::string& bottom, const std::string& top) {
  return layer("Scale", {bottom, top},
               "scale_param { bias_term: true filler { type: 'uniform' min: 0.5 max: 2 } "
               "bias_filler { type: 'uniform' min: -1 max: 1 } }");
}

// BatchNorm, Scale and ReLU in place. In TEST, statistics that nothing was added to are zero.
std::string normalise(const std::string& blob) {
  return layer("BatchNorm", {blob, blob}, "batch_norm_param { eps: 0.1 }") + scale(blob, blob) +
         layer("ReLU", {blob, blob});
}

// The layers between blobs x and out, with a loss behind them. `shape` is that of out.
std::string whole(const std::string& layers, int outputs) {
  const std::string extents = "dim: 4 dim: " + std::to_string(outputs) + " dim: 9 dim: 10";
  return "force_backward: true "
         "layer { name: 'x' type: 'Input' top: 'x' "
         "  input_param { shape { dim: 4 dim: 3 dim: 9 dim: 10 } } }"
         "layer { name: 't' type: 'DummyData' top: 't' dummy_data_param { "
         "  shape { " +
         extents + " } data_filler { value: 0.3 } } }" + layers +
         "layer { name: 'loss' type: 'EuclideanLoss' bottom: 'out' bottom: 't' top: 'loss' }";
}

// Equal up to rounding in float, as the largest value has it.
void expect_same(const std::string& what, Storage<float>& actual, Storage<double>& expected) {
  const float* a = actual.read();
  const double* b = expected.read();
  double largest = 1e-3;
  for (size_t i = 0; i < expected.count(); ++i) largest = std::max(largest, std::fabs(b[i]));
  for (size_t i = 0; i < expected.count(); ++i) {
    if (!(std::fabs(static_cast<double>(a[i]) - b[i]) <= 2e-5 * largest)) {
      ADD_FAILURE() << what << " element " << i << ": " << a[i] << " instead of " << b[i];
      return;
    }
  }
}

// What fills up the last block of channels is zero: packing the values anew changes nothing.
void expect_clean(const std::string& what, Storage<float>& values, const FormatPtr& format) {
  if (!format) return;
  const float* packed = values.read(format);
  std::vector<float> again(format->size());
  format->pack(values.read(), again.data());
  for (size_t i = 0; i < again.size(); ++i) {
    if (packed[i] != again[i]) {
      ADD_FAILURE() << what << " is not filled up with zeros, see " << i << ": " << packed[i];
      return;
    }
  }
}

// Two passes; the second one adds to the parameters' gradients. In TEST, ops are made for forward
// passes only, and formats may be others.
template <typename T>
void run(Net<T>* net) {
  const std::vector<float> values = ramp(net->blob("x")->count());
  net->clear_param_diffs();
  for (int pass = 0; pass < 2; ++pass) {
    T* x = net->blob("x")->data().write();
    for (size_t i = 0; i < values.size(); ++i) {
      x[i] = static_cast<T>(values[i]) * static_cast<T>(pass + 1);
    }
    net->blob("x")->data().written();
    net->forward();
    if (net->phase() == TRAIN) net->backward();
  }
}

bool in_blocks(const FormatPtr& format) { return format && channel_block(format) > 1; }

// Unlike channels-last order, which any number of channels can be cut from.
bool in_short_blocks(const FormatPtr& format) {
  return in_blocks(format) && channel_block(format->with_channels(17)) != 17;
}

// Values and gradients of all blobs and parameters. `blocked` blobs must be in blocks of channels
// if conv1's output is, all of `plain` must not.
void compare(const std::string& layers, int outputs, const std::vector<std::string>& blocked,
             const std::vector<std::string>& plain, Phase phase = TRAIN) {
  const NetParameter param = net_param(whole(layers, outputs), phase);
  Net<float> fast(param, std::make_shared<Random>(3), 2);
  Net<double> slow(param, std::make_shared<Random>(3), 2);
  for (int i = 0; i < fast.num_layers(); ++i) {
    for (size_t k = 0; k < fast.layer(i).blobs().size(); ++k) {
      const Blob<float>& from = *fast.layer(i).blobs()[k];
      double* to = slow.layer(i).blobs()[k]->data().write();
      std::copy_n(from.cpu_data(), from.count(), to);
    }
  }
  run(&fast);
  run(&slow);
  for (size_t i = 0; i < fast.blobs().size(); ++i) {
    const std::string& name = fast.blob_names()[i];
    Blob<float>& blob = *fast.blobs()[i];
    expect_same(name, blob.data(), slow.blobs()[i]->data());
    expect_same("gradient of " + name, blob.diff(), slow.blobs()[i]->diff());
    expect_clean(name, blob.data(), blob.format());
    expect_clean("gradient of " + name, blob.diff(), blob.format());
  }
  for (int i = 0; i < fast.num_layers(); ++i) {
    for (size_t k = 0; k < fast.layer(i).blobs().size(); ++k) {
      const std::string what = cat(fast.layer(i).name(), ", parameter ", k);
      Blob<float>& blob = *fast.layer(i).blobs()[k];
      expect_same(what, blob.data(), slow.layer(i).blobs()[k]->data());
      expect_same("gradient of " + what, blob.diff(), slow.layer(i).blobs()[k]->diff());
    }
  }
  const FormatPtr& format = fast.blob("conv1")->format();
  if (!in_blocks(format)) GTEST_SKIP() << "oneDNN works in another order on this processor";
  for (const std::string& name : blocked) {
    EXPECT_TRUE(in_blocks(fast.blob(name)->format())) << name;
  }
  if (!in_short_blocks(format)) return;
  for (const std::string& name : plain) EXPECT_EQ(fast.blob(name)->format(), nullptr) << name;
}

// Channels that fill blocks of 8 and 16 or none.
class Formats : public testing::TestWithParam<int> {};

TEST_P(Formats, ResidualBlock) {
  const int channels = GetParam();
  for (const Phase phase : {TRAIN, TEST}) {
    SCOPED_TRACE(Phase_Name(phase));
    compare(layer("BatchNorm", {"x", "centred"}, "batch_norm_param { use_global_stats: false }") +
                conv("centred", "conv1", channels, "bias_term: false") + normalise("conv1") +
                conv("conv1", "conv2", channels, "bias_term: false") +
                layer("BatchNorm", {"conv2", "normal"},
                      "batch_norm_param { use_global_stats: false eps: 0.01 }") +
                scale("normal", "scaled") +
                layer("Eltwise", {"conv1", "scaled", "sum"}, "eltwise_param { coeff: [ 1, -2 ] }") +
                layer("ReLU", {"sum", "sum"}) + conv("sum", "out", 5),
            5, {"conv1", "conv2", "normal", "scaled", "sum"}, {"x", "centred"}, phase);
  }
}

TEST_P(Formats, EltwiseOfThree) {
  const std::string convs = conv("x", "conv1", GetParam()) + conv("x", "conv2", GetParam()) +
                            conv("x", "conv3", GetParam());
  for (const char* fields : {"operation: SUM", "operation: MAX", "operation: PROD"}) {
    SCOPED_TRACE(fields);
    const std::string param = cat("eltwise_param { ", fields, " }");
    compare(convs + layer("Eltwise", {"conv1", "conv2", "conv3", "y"}, param) + conv("y", "out", 2),
            2, {"y"}, {});
    compare(convs + layer("Eltwise", {"conv1", "conv2", "conv3", "conv1"}, param) +
                conv("conv1", "out", 2),
            2, {"conv1"}, {});
  }
  // y / x of the padding would be 0 / 0.
  compare(convs +
              layer("Eltwise", {"conv1", "conv2", "y"},
                    "eltwise_param { operation: PROD stable_prod_grad: false }") +
              conv("y", "out", 2),
          2, {"conv2"}, {"y"});
}

TEST_P(Formats, BiasScaleAndPReLU) {
  const std::string filler = "filler { type: 'uniform' min: -1 max: 1 }";
  const std::string bias = cat("bias_param { ", filler, " }");
  const std::string slopes = cat("prelu_param { ", filler, " }");
  for (const bool in_place : {false, true}) {
    const std::string names[] = {"conv1", in_place ? "conv1" : "a", in_place ? "conv1" : "b",
                                 in_place ? "conv1" : "c", in_place ? "conv1" : "d"};
    compare(conv("x", "conv1", GetParam()) + layer("Bias", {names[0], names[1]}, bias) +
                layer("PReLU", {names[1], names[2]}, slopes) + scale(names[2], names[3]) +
                layer("PReLU", {names[3], names[4]}, "prelu_param { channel_shared: true }") +
                conv(names[4], "out", 2),
            2, {names[1], names[2], names[3], names[4]}, {});
  }
  // An operand for other axes than the channels.
  compare(conv("x", "conv1", GetParam()) +
              layer("Scale", {"conv1", "a"}, "scale_param { axis: 2 " + filler + " }") +
              layer("Bias", {"a", "b"}, "bias_param { axis: 1 num_axes: 2 " + filler + " }") +
              conv("b", "out", 2),
          2, {"conv1"}, {"a", "b"});
}

INSTANTIATE_TEST_SUITE_P(LayoutPass, Formats, testing::Values(3, 16, 20, 24, 32));

// Pieces that fill blocks of 8 and 16, but for the last one, and pieces that do not.
TEST(LayoutPass, Inception) {
  const auto branches = [](int one, int two, int three) {
    return conv("x", "stem", 16) + conv("stem", "conv1", one) + layer("ReLU", {"conv1", "conv1"}) +
           conv("stem", "conv2", two) + conv("stem", "conv3", three) +
           layer("Concat", {"conv1", "conv2", "conv3", "y"}) + conv("y", "out", 4);
  };
  for (const int last : {16, 24, 20, 3}) {
    SCOPED_TRACE(last);
    compare(branches(32, 16, last), 4, {"conv1", "y"}, {});
  }
  compare(branches(16, 20, 32), 4, {"conv2"}, {"y"});
  compare(branches(3, 32, 16), 4, {"conv3"}, {"y"});
  compare(branches(24, 48, 16), 4, {"conv2"}, {});  // fills blocks of 8
}

TEST(LayoutPass, ConcatWithAPlainBlob) {
  compare(conv("x", "conv1", 32) + layer("Concat", {"conv1", "x", "y"}) + conv("y", "out", 4), 4,
          {"y"}, {"x"});
  compare(conv("x", "conv1", 16) + layer("Concat", {"x", "conv1", "y"}) + conv("y", "out", 4), 4,
          {"conv1"}, {"y"});
}

TEST(LayoutPass, ConcatAlongOtherAxes) {
  const std::string convs = conv("x", "conv1", 16) + conv("x", "conv2", 16);
  for (const int axis : {0, 2, 3}) {
    const std::string end = cat("layer { name: 'cut' type: 'Slice' bottom: 'y' top: 'out' top: 'z'",
                                " slice_param { axis: ", axis, " } }",
                                "layer { name: 'end' type: 'Silence' bottom: 'z' }");
    compare(convs +
                layer("Concat", {"conv1", "conv2", "y"}, cat("concat_param { axis: ", axis, " }")) +
                end,
            16, {"conv1"}, {"y", "out", "z"});
  }
}

TEST(LayoutPass, Slice) {
  const auto sliced = [](int first, int second, int third) {
    return conv("x", "conv1", first + second + third) +
           cat("layer { name: 'cut' type: 'Slice' bottom: 'conv1' top: 'a' top: 'b' top: 'c' "
               "slice_param { slice_point: ",
               first, " slice_point: ", first + second, " } }") +
           conv("a", "y1", 4) + conv("b", "y2", 4) + conv("c", "y3", 4) +
           layer("Eltwise", {"y1", "y2", "y3", "out"});
  };
  compare(sliced(16, 32, 5), 4, {"a", "b", "c"}, {});
  compare(sliced(16, 20, 16), 4, {"conv1"}, {"a", "b", "c"});
}

}  // namespace
}  // namespace test
}  // namespace caffe
