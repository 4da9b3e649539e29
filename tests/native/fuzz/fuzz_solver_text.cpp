// Solvers as text: read, upgraded, built with the net inside them, and run for two iterations.
#include <cstdint>

#include "attempt.hpp"
#include "caffe/io.hpp"
#include "small_message.hpp"
#include "small_nets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace caffe;
  return fuzz::attempt([&] {
    SolverParameter param;
    parse_text(std::string(reinterpret_cast<const char*>(data), size), "input", &param);
    upgrade_solver(&param, "input");
    to_text(param);
    fuzz::make_small(&param);
    if (param.iter_size() > 100) return;  // long, and rightly so
    if (!param.has_net_param()) *param.mutable_net_param() = fuzz::small_net();
    param.set_random_seed(1);
    const auto solver = create_solver<float>(param, 1);
    solver->step(2);
  });
}
