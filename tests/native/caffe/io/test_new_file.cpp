#include <gtest/gtest.h>

#include <cerrno>

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
