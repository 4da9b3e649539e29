// Nets as text: read, upgraded, printed and read again, built and run, in float and in double
// (where the reference operations do all the work).
#include <cstdint>

#include "attempt.hpp"
#include "caffe/io.hpp"
#include "caffe/proto/caffe.pb.h"
#include "small_message.hpp"
#include "small_nets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace caffe;
  return fuzz::attempt([&] {
    NetParameter net;
    parse_text(std::string(reinterpret_cast<const char*>(data), size), "input", &net);
    upgrade_net(&net, "input");
    NetParameter again;
    parse_text(to_text(net), "printed", &again);
    fuzz::make_small(&net);
    fuzz::attempt([&] { fuzz::build_and_run<double>(net); });
    fuzz::build_and_run<float>(net);
  });
}
