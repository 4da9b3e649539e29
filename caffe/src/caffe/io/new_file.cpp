#include "caffe/io/new_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "caffe/error.hpp"

namespace caffe {
namespace {

// 0, or errno.
int sync(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  const int problem = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  return problem;
}

}  // namespace

NewFile::NewFile(const std::string& filename) : filename_(filename) {
  static std::atomic<int> serial{0};
  path_ = cat(filename, ".", ::getpid(), ".", ++serial, ".tmp");
}

NewFile::~NewFile() {
  if (!committed_) ::unlink(path_.c_str());
}

void NewFile::commit() {
  int problem = sync(path_);
  if (problem == 0 && std::rename(path_.c_str(), filename_.c_str()) != 0) problem = errno;
  if (problem != 0) fail_with(problem);
  committed_ = true;
}

void NewFile::fail_with(int problem) const {
  fail(Code::kIo, "'", filename_, "' cannot be written: ", std::strerror(problem));
}

}  // namespace caffe
