#include "caffe/shared_memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <new>
#include <random>
#include <sstream>

#include "caffe/error.hpp"

namespace caffe {
namespace {

// What precedes the data, on a page of its own.
struct Header {
  uint64_t key;  // tells this memory from another one that a process with the same id has made
  std::atomic<int64_t> shown;
};
constexpr size_t kHeader = 4096;
static_assert(std::atomic<int64_t>::is_always_lock_free, "other processes read it");

constexpr char kLabel[] = "sparknet";

uint64_t random_key() {
  std::random_device device;
  return static_cast<uint64_t>(device()) << 32 | device();
}

// A file in memory of this size; -1: none can be had.
int memory_file(size_t bytes) {
  rlimit most;
  // Beyond the limit of a file's size ftruncate would end the process by a signal.
  if (::getrlimit(RLIMIT_FSIZE, &most) != 0 || most.rlim_cur < bytes) return -1;
  const int file = ::memfd_create(kLabel, MFD_CLOEXEC);
  if (file >= 0 && ::ftruncate(file, static_cast<off_t>(bytes)) != 0) {
    ::close(file);
    return -1;
  }
  return file;
}

// Whether all bytes could be read.
bool read_all(int file, void* into, size_t bytes, size_t from) {
  auto* next = static_cast<char*>(into);
  while (bytes > 0) {
    const ssize_t got = ::pread(file, next, bytes, static_cast<off_t>(from));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    next += got;
    from += static_cast<size_t>(got);
    bytes -= static_cast<size_t>(got);
  }
  return true;
}

// Whether an open file is the memory with this key. What has the process's number by now may have
// another file there.
bool is_memory(int file, uint64_t key) {
  struct stat status;
  uint64_t found = 0;
  return ::fstat(file, &status) == 0 && S_ISREG(status.st_mode) &&
         static_cast<size_t>(status.st_size) >= kHeader &&
         read_all(file, &found, sizeof found, offsetof(Header, key)) && found == key;
}

}  // namespace

SharedMemory::SharedMemory(size_t bytes) : bytes_(bytes + kHeader) {
  if (bytes_ < kHeader) throw std::bad_alloc();
  file_ = memory_file(bytes_);
  const int flags = file_ < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
  mapping_ = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, flags, file_, 0);
  if (mapping_ == MAP_FAILED) {
    if (file_ >= 0) ::close(file_);
    throw std::bad_alloc();
  }
  auto* header = new (mapping_) Header{random_key(), {0}};
  if (file_ >= 0) name_ = cat(::getpid(), ' ', file_, ' ', header->key);
}

SharedMemory::~SharedMemory() {
  show(0);  // a reader may have it open still
  ::munmap(mapping_, bytes_);
  if (file_ >= 0) ::close(file_);
}

char* SharedMemory::data() const { return static_cast<char*>(mapping_) + kHeader; }

void SharedMemory::show(int64_t number) {
  auto& shown = static_cast<Header*>(mapping_)->shown;
  // Content is complete before its number can be seen, and its number gone before it changes.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  shown.store(number, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

NeighbourMemory::NeighbourMemory(const std::string& name) {
  std::istringstream parts(name);
  int64_t process = 0;
  int number = -1;
  uint64_t key = 0;
  parts >> process >> number >> key;
  require(!parts.fail(), Code::kIo, "'", name, "' is not the name of shared memory");
  const std::string path = cat("/proc/", process, "/fd/", number);
  // Of whatever else might be there now, nothing is waited for, taken over or changed.
  file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  require(file_ >= 0, Code::kIo, "memory of process ", process,
          " cannot be read: ", std::strerror(errno));
  if (!is_memory(file_, key)) {
    ::close(file_);
    fail(Code::kIo, "memory of process ", process, " is not there any more");
  }
}

NeighbourMemory::~NeighbourMemory() { ::close(file_); }

void NeighbourMemory::read(int64_t number, size_t from, void* into, size_t bytes) const {
  const auto check = [&] {
    int64_t shown = 0;
    const bool there = read_all(file_, &shown, sizeof shown, offsetof(Header, shown));
    require(there && shown == number && number != 0, Code::kState, "content ", number,
            " of a neighbour's memory is not there any more");
  };
  check();
  require(read_all(file_, into, bytes, kHeader + from), Code::kState,
          "a neighbour's memory has no ", bytes, " bytes from number ", from, " on");
  std::atomic_thread_fence(std::memory_order_seq_cst);
  check();
}

}  // namespace caffe
