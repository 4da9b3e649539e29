// Snapshots of solvers: restored into one with a single history bank and into one with two, which
// then go on training. The weights beside them are whole.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

#include "attempt.hpp"
#include "caffe/io.hpp"
#include "caffe/threads.hpp"
#include "small_nets.hpp"

namespace {

// A file in memory, which has a name as long as this lives.
class MemoryFile {
 public:
  MemoryFile(const void* data, size_t size) : fd_(::memfd_create("input", 0)) {
    if (fd_ < 0 || ::write(fd_, data, size) != static_cast<ssize_t>(size)) std::abort();
  }
  ~MemoryFile() { ::close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::string name() const { return caffe::cat("/proc/self/fd/", fd_); }

 private:
  const int fd_;
};

std::string weights() {
  caffe::Net<float> net(caffe::fuzz::small_net(), std::make_shared<caffe::Random>(1), 1);
  caffe::NetParameter param;
  net.to_proto(&param, true);
  return param.SerializeAsString();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace caffe;
  set_default_threads(1);
  static const std::string model = weights();
  const MemoryFile input(data, size), model_file(model.data(), model.size());
  return fuzz::attempt([&] {
    SolverState state;
    read_solver_state(input.name(), &state);
    state.set_learned_net(model_file.name());
    state.clear_learned_net_checksum();
    const std::string bytes = state.SerializeAsString();
    const MemoryFile whole(bytes.data(), bytes.size());
    for (const char* type : {"SGD", "Adam"}) {
      fuzz::attempt([&] {
        const auto solver = create_solver<float>(fuzz::small_solver(type));
        solver->restore(whole.name());
        solver->step(2);
      });
    }
  });
}
