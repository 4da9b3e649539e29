// Files that appear when they are complete.
#pragma once

#include <string>

namespace caffe {

// Written beside its place and renamed, so that a failure leaves the old file. A symbolic link
// stays, and the file that it names is replaced; a device or a pipe is written to as it is.
class NewFile {
 public:
  explicit NewFile(const std::string& filename);
  // Removes what has not been committed.
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  // The name that the file is to have.
  const std::string& filename() const { return filename_; }
  // Where to write: nothing is there yet, or a device.
  const std::string& path() const { return path_; }
  // For open(2): nobody else's file is taken for the new one.
  int open_flags() const;
  // Brings the closed file to the disk. Throws kIo.
  void sync();
  // Brings it to its place, too. Throws kIo.
  void commit();
  // Takes what was committed away again.
  void withdraw() const;
  // Throws the kIo that tells why `filename` cannot be written.
  [[noreturn]] void fail_with(int problem) const;

 private:
  std::string filename_, place_, path_;
  bool synced_ = false, committed_;
};

}  // namespace caffe
