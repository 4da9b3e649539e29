// HDF5 files: all that lies in them is looked at and read, then taken as the weights of a net.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "attempt.hpp"
#include "caffe/io/hdf5_file.hpp"
#include "memory_file.hpp"
#include "small_nets.hpp"

namespace {

using caffe::Hdf5File;
using caffe::fuzz::attempt;

void read_values(const Hdf5File& file, const std::string& path) {
  const int64_t count = caffe::product(file.shape(path));
  std::vector<float> floats(count);
  file.read(path, count, floats.data());
  std::vector<int64_t> integers(count);
  file.read(path, count, integers.data());
}

// Groups may contain themselves.
void walk(const Hdf5File& file, const std::string& group, int depth) {
  std::vector<std::string> names = file.names(group);
  names.resize(std::min<size_t>(names.size(), 8));
  for (const std::string& name : names) {
    const std::string path = group == "/" ? name : group + "/" + name;
    if (!file.exists(path)) continue;
    attempt([&] { read_values(file, path); });
    attempt([&] { file.read_string(path); });
    if (depth < 3) attempt([&] { walk(file, path, depth + 1); });
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace caffe;
  const fuzz::MemoryFile input(data, size);
  Hdf5File::recognises(input.name());
  attempt([&] { walk(Hdf5File::open(input.name()), "/", 0); });
  return attempt([&] {
    Net<float> net(fuzz::small_net(), std::make_shared<Random>(1), 1);
    net.copy_trained_layers_from(input.name());
    net.forward();
  });
}
