// Snapshots of solvers: restored into one with a single history bank and into one with two, which
// then go on training.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

#include "attempt.hpp"
#include "caffe/io.hpp"
#include "caffe/threads.hpp"
#include "small_nets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace caffe;
  set_default_threads(1);
  const int file = ::memfd_create("input", 0);
  if (file < 0 || ::write(file, data, size) != static_cast<ssize_t>(size)) std::abort();
  const std::string name = cat("/proc/self/fd/", file);
  for (const char* type : {"SGD", "Adam"}) {
    fuzz::attempt([&] {
      const auto solver = create_solver<float>(fuzz::small_solver(type));
      solver->restore(name);
      solver->step(2);
    });
  }
  ::close(file);
  return 0;
}
