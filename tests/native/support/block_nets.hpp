// Nets of convolutions, normalisation, ReLUs and sums, and comparisons of what passes make of them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "support/net_case.hpp"

namespace caffe {
namespace test {

inline std::string layer(const std::string& name, const std::string& bottom, const std::string& top,
                         const std::string& fields) {
  return "layer { name: '" + name + "' bottom: '" + bottom + "' top: '" + top + "' " + fields +
         " }";
}

inline std::string conv(const std::string& bottom, const std::string& top) {
  return layer(top, bottom, top,
               "type: 'Convolution' convolution_param { num_output: 16 kernel_size: 3 pad: 1 "
               "weight_filler { type: 'xavier' } bias_filler { type: 'uniform' } }");
}

inline std::string relu(const std::string& blob) {
  return layer("relu_" + blob, blob, blob, "type: 'ReLU'");
}

inline std::string normalise(const std::string& blob, const std::string& fields = "",
                             const std::string& scale = "bias_term: true") {
  return layer("bn_" + blob, blob, blob, "type: 'BatchNorm' batch_norm_param { " + fields + " }") +
         layer("scale_" + blob, blob, blob,
               "type: 'Scale' scale_param { filler { type: 'uniform' min: 0.5 max: 2 } "
               "bias_filler { type: 'uniform' min: -1 max: 1 } " +
                   scale + " }");
}

inline void forward_by_layers(Net<float>* net) {
  for (int i = 0; i < net->num_layers(); ++i) net->forward(i, i);
}

inline void expect_near(const std::string& what, const std::vector<float>& actual,
                        const std::vector<float>& expected) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  float largest = 0.1f;  // gradients that are 0 but for rounding
  for (float value : expected) largest = std::max(largest, std::fabs(value));
  for (size_t i = 0; i < actual.size(); ++i) {
    ASSERT_NEAR(actual[i], expected[i], 2e-5f * largest) << what << " element " << i;
  }
}

// Also what users see of the blobs: the last value, the first gradient.
inline void expect_same(const Net<float>& actual, const Net<float>& expected, bool gradients_too) {
  for (size_t i = 0; i < expected.blobs().size(); ++i) {
    const std::string& name = expected.blob_names()[i];
    expect_near(name, values(*actual.blobs()[i]), values(*expected.blobs()[i]));
    if (!gradients_too) continue;
    expect_near(name + "'s gradient", gradients(*actual.blobs()[i]),
                gradients(*expected.blobs()[i]));
  }
  for (int i = 0; i < expected.num_layers(); ++i) {
    for (size_t k = 0; k < expected.layer(i).blobs().size(); ++k) {
      const std::string what = cat(expected.layer(i).name(), ", parameter ", k);
      expect_near(what, values(*actual.layer(i).blobs()[k]), values(*expected.layer(i).blobs()[k]));
      if (!gradients_too) continue;
      expect_near(what + "'s gradient", gradients(*actual.layer(i).blobs()[k]),
                  gradients(*expected.layer(i).blobs()[k]));
    }
  }
}

// Indices of the blobs with these names, which the net has to have.
inline std::set<int> ids_of(const Net<float>& net, const std::vector<std::string>& names) {
  const auto& all = net.blob_names();
  std::set<int> ids;
  for (const std::string& name : names) {
    const auto found = std::find(all.begin(), all.end(), name);
    require(found != all.end(), Code::kInternal, "test: no blob ", name);
    ids.insert(static_cast<int>(found - all.begin()));
  }
  return ids;
}

inline std::vector<std::string> steps_of(const Net<float>& net) {
  std::vector<std::string> texts;
  for (const auto& step : net.steps()) {
    std::string text;
    for (int i = step.first; i <= step.last; ++i) {
      text += (text.empty() ? "" : " + ") + net.layer(i).name();
    }
    texts.push_back(text);
  }
  return texts;
}

// Nets for prediction have no loss.
inline std::unique_ptr<Net<float>> predictor(const std::string& layers) {
  auto net = make_net(
      "layer { name: 'in' type: 'Input' top: 'x' "
      "  input_param { shape { dim: 4 dim: 3 dim: 6 dim: 5 } } }" +
          layers,
      TEST);
  set_values(net->blob("x"), ramp(net->blob("x")->count()));
  for (const auto& layer : net->layers()) {  // statistics as of a training
    if (layer->type() != std::string("BatchNorm")) continue;
    for (int i : {0, 1}) {
      std::vector<float> sums = ramp(layer->blobs()[i]->count());
      for (float& sum : sums) sum = i == 0 ? sum : 3 + sum;
      set_values(layer->blobs()[i].get(), sums);
    }
    set_values(layer->blobs()[2].get(), {2.5f});
  }
  return net;
}

}  // namespace test
}  // namespace caffe
