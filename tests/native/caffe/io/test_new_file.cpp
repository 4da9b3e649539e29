#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "caffe/io.hpp"
#include "caffe/io/checksum.hpp"
#include "caffe/io/new_file.hpp"
#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace caffe {
namespace test {
namespace {

TEST(NewFile, AppearsWhenItIsCommitted) {
  TempDir dir;
  write_file(dir / "a", "old");
  NewFile file(dir / "a");
  write_file(file.path(), "new");
  EXPECT_EQ(read_file(dir / "a"), "old");
  file.commit();
  EXPECT_EQ(read_file(dir / "a"), "new");
  EXPECT_EQ(dir.count_files(), 1);
}

TEST(NewFile, LeavesNothingBehind) {
  TempDir dir;
  {
    NewFile file(dir / "a");
    write_file(file.path(), "new");
    EXPECT_EQ(dir.count_files(), 1);
    EXPECT_NE(NewFile(dir / "a").path(), file.path());
  }
  EXPECT_EQ(dir.count_files(), 0);
}

TEST(NewFile, ASymbolicLinkStays) {
  TempDir dir;
  std::filesystem::create_directory(dir / "far");
  write_file(dir / "far/a", "old");
  std::filesystem::create_symlink("far/a", dir / "link");
  std::filesystem::create_symlink(dir / "far/b", dir / "dangling");
  for (const char* name : {"link", "dangling"}) {
    NewFile file(dir / name);
    write_file(file.path(), "new");
    file.commit();
    EXPECT_TRUE(std::filesystem::is_symlink(dir / name)) << name;
  }
  EXPECT_EQ(read_file(dir / "far/a"), "new");
  EXPECT_EQ(read_file(dir / "far/b"), "new");
}

TEST(NewFile, APipeIsWrittenTo) {
  TempDir dir;
  const std::string pipe = dir / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const int reader = ::open(pipe.c_str(), O_RDWR | O_CLOEXEC);  // or writing would wait
  SolverState state;
  state.set_iter(7);
  write_binary_file(pipe, state);
  char bytes[64];
  const ssize_t count = ::read(reader, bytes, sizeof(bytes));
  ::close(reader);
  const std::string written(bytes, std::max<ssize_t>(count, 0));
  EXPECT_EQ(written, checksum_header(checksum_of(state)) + state.SerializeAsString());
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
}

TEST(NewFile, FailuresNameTheFile) {
  TempDir dir;
  NewFile file(dir / "nowhere/a");
  expect_error(Code::kIo, "nowhere/a' cannot be written: No such file", [&] { file.commit(); });
  expect_error(Code::kIo, "nowhere/a' cannot be written: No space left",
               [&] { file.fail_with(ENOSPC); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
