// Snapshots of solvers: restored into one with a single history bank and into one with two, which
// then go on training. The weights beside them are whole.
#include <cstdint>

#include "attempt.hpp"
#include "caffe/io.hpp"
#include "memory_file.hpp"
#include "small_nets.hpp"

namespace {

std::string weights() {
  caffe::Net<float> net(caffe::fuzz::small_net(), std::make_shared<caffe::Random>(1), 1);
  caffe::NetParameter param;
  net.to_proto(&param, true);
  return param.SerializeAsString();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace caffe;
  static const std::string model = weights();
  const fuzz::MemoryFile input(data, size), model_file(model.data(), model.size());
  return fuzz::attempt([&] {
    SolverState state;
    read_solver_state(input.name(), &state);
    state.set_learned_net(model_file.name());
    state.clear_learned_net_checksum();
    const std::string bytes = state.SerializeAsString();
    const fuzz::MemoryFile whole(bytes.data(), bytes.size());
    for (const char* type : {"SGD", "Adam"}) {
      fuzz::attempt([&] {
        const auto solver = create_solver<float>(fuzz::small_solver(type), 1);
        solver->restore(whole.name());
        solver->step(2);
      });
    }
  });
}
