// Weights: a binary NetParameter, old forms too, loaded into a net and written again.
#include <cstdint>

#include "attempt.hpp"
#include "caffe/io.hpp"
#include "small_nets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace caffe;
  return fuzz::attempt([&] {
    NetParameter weights;
    parse_binary(data, size, "input", &weights);
    upgrade_net(&weights, "input");
    Net<float> net(fuzz::small_net(), std::make_shared<Random>(1), 1);
    net.copy_trained_layers_from(weights, "input");
    NetParameter written;
    net.to_proto(&written, true, true);
    net.forward();
  });
}
