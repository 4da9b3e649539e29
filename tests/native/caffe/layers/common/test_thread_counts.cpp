// Layers give the same bits with any number of threads: what they do themselves, on the reference
// back end, whose products do so, too.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "caffe/ops/backend.hpp"
#include "caffe/threads.hpp"
#include "support/layer_case.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<float>;

// `integers`: bottoms, as bits, that get integers from 0 on, below `below`.
struct Threaded {
  std::string text;
  std::vector<Shape> bottoms;
  int tops = 1;
  unsigned integers = 0;
  int below = 1;
  std::vector<bool> propagate = {};  // default: the first bottom alone
  size_t first_param = 0;            // whose gradient is the layer's own work
};

const std::string kFillers = "weight_filler { type: 'gaussian' std: 0.1 } ";

// Large enough for several ranges of each kind.
std::vector<Threaded> cases() {
  const Shape image = {3, 5, 90, 80}, classes = {40, 1000};
  std::vector<Threaded> all;
  for (const char* type : {"Sigmoid", "TanH", "ELU", "Swish", "BNLL", "Exp"}) {
    all.push_back({cat("type: '", type, "'"), {image}});
  }
  all.push_back({"type: 'Log' log_param { shift: 2 }", {image}});
  all.push_back({"type: 'Power' power_param { power: 1.7 shift: 2 }", {image}});
  for (const char* operation : {"SUM", "ASUM", "SUMSQ", "MEAN"}) {
    const std::string text = cat("type: 'Reduction' reduction_param { operation: ", operation);
    all.push_back({text + " }", {image}});
    all.push_back({text + " axis: 2 }", {image}});
  }
  all.push_back({"type: 'Tile' tile_param { tiles: 7 axis: 1 }", {image}});
  all.push_back({"type: 'Tile' tile_param { tiles: 700 axis: 1 }", {{50, 1}}});
  all.push_back({"type: 'Crop' crop_param { offset: 3 }", {image, {3, 5, 70, 60}}});
  all.push_back({"type: 'ArgMax' argmax_param { axis: 1 }", {image}, 1, 0, 1, {false}});
  all.push_back(
      {"type: 'ArgMax' argmax_param { top_k: 5 out_max_val: true }", {classes}, 1, 0, 1, {false}});
  for (const Shape& x : {image, classes}) {
    Shape labels = x;
    labels.erase(labels.begin() + 1);
    const int n = static_cast<int>(x[1]);
    all.push_back({"type: 'Accuracy' accuracy_param { top_k: 2 }", {x, labels}, 1, 2, n, {false}});
    all.push_back({"type: 'SoftmaxWithLoss' loss_param { ignore_label: 1 }", {x, labels}, 1, 2, n});
    all.push_back({"type: 'InfogainLoss'", {x, labels, {n, n}}, 1, 2, n});
  }
  all.push_back({"type: 'Softmax'", {classes}});
  all.push_back({"type: 'SigmoidCrossEntropyLoss'", {image, image}});
  all.push_back({"type: 'SigmoidCrossEntropyLoss' loss_param { ignore_label: 0 }",
                 {classes, classes, {40}},
                 1,
                 2,
                 2});
  for (const char* norm : {"L1", "L2"}) {
    all.push_back({cat("type: 'HingeLoss' hinge_loss_param { norm: ", norm, " }"),
                   {classes, {40}, {40}},
                   1,
                   2,
                   1000});
  }
  all.push_back({"type: 'MultinomialLogisticLoss'", {{20000, 2}, {20000}}, 1, 2, 2});
  all.push_back(
      {"type: 'ContrastiveLoss'", {classes, classes, {40}}, 1, 4, 2, {true, true, false}});
  all.push_back({"type: 'EuclideanLoss'", {image, image}, 1, 0, 1, {true, true}});
  all.push_back({"type: 'EuclideanLoss'", {image, image, {3}}, 1, 0, 1, {true, true, false}});
  all.push_back({"type: 'Embed' embed_param { input_dim: 50 num_output: 300 " + kFillers + "}",
                 {{200}},
                 1,
                 1,
                 50,
                 {false}});
  all.push_back({"type: 'BatchReindex'", {{50, 300}, {200}}, 1, 2, 50});
  all.push_back(
      {"type: 'Deconvolution' convolution_param { num_output: 4 kernel_size: 3 " + kFillers + "}",
       {{3, 2, 90, 80}},
       1,
       0,
       1,
       {},
       1});
  for (const char* type : {"LSTM", "RNN"}) {
    all.push_back({cat("type: '", type, "' recurrent_param { num_output: 600 ", kFillers, "}"),
                   {{3, 30, 20}, {3, 30}},
                   1,
                   2,
                   2});
  }
  all.push_back(
      {"type: 'LSTMUnit'", {{1, 30, 600}, {1, 30, 2400}, {1, 30}}, 2, 4, 2, {true, true, false}});
  return all;
}

std::vector<std::vector<float>> results(const Threaded& t, int threads) {
  const ThreadScope scope(threads);
  const BackendScope reference({Backend::kReference});
  Case layer(t.text, t.bottoms, t.tops);
  for (size_t i = 0; i < t.bottoms.size(); ++i) {
    if ((t.integers >> i & 1) == 0) continue;
    std::vector<float> values(layer.bottom(static_cast<int>(i)).count());
    for (size_t k = 0; k < values.size(); ++k) values[k] = static_cast<float>(k * 7919 % t.below);
    Case::set(layer.bottom(static_cast<int>(i)), values);
  }
  layer.propagate().assign(t.bottoms.size(), false);
  layer.propagate()[0] = true;
  std::copy(t.propagate.begin(), t.propagate.end(), layer.propagate().begin());
  layer.setup().forward();
  std::vector<std::vector<float>> all;
  for (int i = 0; i < t.tops; ++i) {
    all.push_back(Case::data(layer.top(i)));
    std::vector<float> diff(all.back().size());
    for (size_t k = 0; k < diff.size(); ++k) diff[k] = 0.1f * static_cast<float>(k % 13) - 0.55f;
    Case::set_diff(layer.top(i), diff);
  }
  for (const auto& blob : layer.layer().blobs()) blob->diff().set_zero();
  layer.backward();
  for (size_t i = 0; i < t.bottoms.size(); ++i) {
    if (layer.propagate()[i]) all.push_back(Case::diff(layer.bottom(static_cast<int>(i))));
  }
  for (size_t i = t.first_param; i < layer.layer().blobs().size(); ++i) {
    all.push_back(Case::diff(layer.blob(static_cast<int>(i))));
  }
  return all;
}

TEST(ThreadCounts, DoNotChangeResults) {
  for (const Threaded& t : cases()) {
    SCOPED_TRACE(t.text);
    const auto one = results(t, 1);
    for (const int threads : {2, 3}) {
      const auto many = results(t, threads);
      ASSERT_EQ(many.size(), one.size());
      for (size_t i = 0; i < one.size(); ++i) {
        ASSERT_EQ(many[i].size(), one[i].size());
        EXPECT_EQ(std::memcmp(many[i].data(), one[i].data(), one[i].size() * sizeof(float)), 0)
            << threads << " threads, array " << i;
      }
    }
  }
}

}  // namespace
}  // namespace test
}  // namespace caffe
