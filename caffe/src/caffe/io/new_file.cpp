#include "caffe/io/new_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "caffe/error.hpp"

namespace caffe {
namespace {

// 0, or errno.
int sync_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  const int problem = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  return problem;
}

bool is_special(const std::string& path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

// What a chain of symbolic links ends in, be it there or not.
std::filesystem::path behind_links(std::filesystem::path path) {
  constexpr int kMostLinks = 40;  // as in Linux
  std::error_code problem;
  for (int i = 0; i < kMostLinks && std::filesystem::is_symlink(path, problem); ++i) {
    path = path.parent_path() / std::filesystem::read_symlink(path, problem);
  }
  return path;
}

}  // namespace

NewFile::NewFile(const std::string& filename)
    : filename_(filename), place_(behind_links(filename)), committed_(is_special(place_)) {
  static std::atomic<int> serial{0};
  path_ = committed_ ? place_ : cat(place_, ".", ::getpid(), ".", ++serial, ".tmp");
}

NewFile::~NewFile() {
  if (!committed_) ::unlink(path_.c_str());
}

int NewFile::open_flags() const {
  return O_WRONLY | O_CLOEXEC | (committed_ ? 0 : O_CREAT | O_EXCL);
}

void NewFile::sync() {
  if (committed_ || synced_) return;
  const int problem = sync_file(path_);
  if (problem != 0) fail_with(problem);
  synced_ = true;
}

void NewFile::commit() {
  if (committed_) return;
  sync();
  if (std::rename(path_.c_str(), place_.c_str()) != 0) fail_with(errno);
  committed_ = true;
}

void NewFile::withdraw() const {
  if (!is_special(place_)) ::unlink(place_.c_str());
}

void NewFile::fail_with(int problem) const {
  fail(Code::kIo, "'", filename_, "' cannot be written: ", std::strerror(problem));
}

}  // namespace caffe
