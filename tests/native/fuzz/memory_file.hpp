// Inputs of readers that want a file.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "caffe/error.hpp"

namespace caffe {
namespace fuzz {

// A file in memory, which has a name as long as this lives.
class MemoryFile {
 public:
  MemoryFile(const void* data, size_t size) : fd_(::memfd_create("input", 0)) {
    if (fd_ < 0 || ::write(fd_, data, size) != static_cast<ssize_t>(size)) std::abort();
  }
  ~MemoryFile() { ::close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::string name() const { return cat("/proc/self/fd/", fd_); }

 private:
  const int fd_;
};

}  // namespace fuzz
}  // namespace caffe
