// A small net on fed data, and a feed with a rule to learn.
#pragma once

#include <string>
#include <vector>

#include "support/net_case.hpp"

namespace caffe {
namespace test {

inline std::string fed_net(const std::string& extra = "") {
  return "name: 'fed' "
         "layer { name: 'data' type: 'JavaData' top: 'data' "
         "  java_data_param { shape { dim: 8 dim: 1 dim: 6 dim: 6 } } }"
         "layer { name: 'label' type: 'JavaData' top: 'label' "
         "  java_data_param { shape { dim: 8 dim: 1 } } }"
         "layer { name: 'conv' type: 'Convolution' bottom: 'data' top: 'conv' "
         "  param { lr_mult: 1 decay_mult: 1 } param { lr_mult: 2 decay_mult: 0 }"
         "  convolution_param { num_output: 5 kernel_size: 3 weight_filler { type: 'xavier' } } }"
         "layer { name: 'relu' type: 'ReLU' bottom: 'conv' top: 'conv' }" +
         extra +
         "layer { name: 'ip' type: 'InnerProduct' bottom: 'conv' top: 'ip' "
         "  inner_product_param { num_output: 3 weight_filler { type: 'xavier' } } }"
         "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'label' top: 'loss' }"
         "layer { name: 'accuracy' type: 'Accuracy' bottom: 'ip' bottom: 'label' top: 'accuracy' "
         "  include { phase: TEST } }";
}

// Batch after batch of noise, brightest in the third of the image that the label names.
class Feeder {
 public:
  void operator()(const std::vector<float*>& tops, const std::vector<int64_t>& counts) {
    const int64_t batch = counts[1], size = counts[0] / batch;
    for (int64_t i = 0; i < batch; ++i) {
      const int label = static_cast<int>(next() % 3);
      for (int64_t k = 0; k < size; ++k) {
        const float noise = static_cast<float>(next() % 1000) / 1000;
        tops[0][i * size + k] = noise + (k * 3 / size == label ? 0.8f : 0.f);
      }
      tops[1][i] = static_cast<float>(label);
    }
  }

 private:
  uint32_t next() { return (state_ = state_ * 1664525u + 1013904223u) >> 8; }
  uint32_t state_ = 1;
};

inline std::unique_ptr<Solver<float>> fed_solver(const std::string& solver,
                                                 const std::string& extra = "", int seed = 3) {
  auto made =
      make_solver(cat("lr_policy: 'fixed' random_seed: ", seed, " ", solver), fed_net(extra));
  made->net().set_feed(Feeder());
  for (const auto& net : made->test_nets()) net->set_feed(Feeder());
  return made;
}

}  // namespace test
}  // namespace caffe
