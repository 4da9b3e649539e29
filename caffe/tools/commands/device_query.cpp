#include <cstdio>
#include <dnnl.hpp>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "caffe/threads.hpp"
#include "commands/commands.hpp"

namespace caffe::tools {
namespace {

// The value of the first of these fields in the description of the first processor.
std::string processor_field(const std::set<std::string>& names) {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::string name = line.substr(0, line.find_last_not_of(" \t", colon - 1) + 1);
    if (names.count(name) != 0) return line.substr(std::min(colon + 2, line.size()));
  }
  return "unknown";
}

// Of all that the processor can, what matters to a matrix product.
std::string instruction_sets() {
  static const std::set<std::string> kVector = {
      "sse4_1",      "sse4_2",      "avx",      "avx2",     "fma",      "f16c",
      "avx512f",     "avx512bw",    "avx512dq", "avx512vl", "avx_vnni", "avx512_vnni",
      "avx512_bf16", "avx512_fp16", "amx_tile", "amx_bf16", "amx_int8", "asimd",
      "sve",         "sve2",        "asimdhp",  "bf16"};
  std::istringstream all(processor_field({"flags", "Features"}));
  std::string found;
  for (std::string name; all >> name;) {
    if (kVector.count(name) != 0) found += (found.empty() ? "" : " ") + name;
  }
  return found.empty() ? "unknown" : found;
}

}  // namespace

void device_query(const CommandLine&) {
  const dnnl_version_t& version = *dnnl::version();
  std::printf("GPU: none (this is no GPU build: nets run on the CPU)\n");
  std::printf("CPU: %s\n", processor_field({"model name", "Hardware", "CPU part"}).c_str());
  std::printf("Cores: %u; a net uses %d threads\n", std::thread::hardware_concurrency(),
              threads_or_all(0));
  std::printf("Instruction sets: %s\n", instruction_sets().c_str());
  std::printf("oneDNN: %d.%d.%d\n", version.major, version.minor, version.patch);
}

}  // namespace caffe::tools
