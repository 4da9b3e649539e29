// Memory that other processes of this user on this machine may read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace caffe {

// Zeros at first. It goes with the process, whatever ends it: no file has its name.
class SharedMemory {
 public:
  explicit SharedMemory(size_t bytes);
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  char* data() const;
  // How a NeighbourMemory finds it; empty where the system does not let memory be shared.
  const std::string& name() const { return name_; }
  // Says that what is there now stays until the next call, and is known by a number; 0: it changes.
  // A number that was used once is not used for other content.
  void show(int64_t number);

 private:
  void* mapping_;
  size_t bytes_;
  int file_ = -1;
  std::string name_;
};

// SharedMemory of a process, this or another one, which may change or end at any time.
class NeighbourMemory {
 public:
  // Throws kIo if there is no such memory any more, or none that this process may read.
  explicit NeighbourMemory(const std::string& name);
  ~NeighbourMemory();
  NeighbourMemory(const NeighbourMemory&) = delete;
  NeighbourMemory& operator=(const NeighbourMemory&) = delete;

  // Copies bytes of what was shown under a number. Throws kState if it is not there, or is not
  // any more when all are copied; `into` is then undefined.
  void read(int64_t number, size_t from, void* into, size_t bytes) const;

 private:
  int file_;
};

}  // namespace caffe
