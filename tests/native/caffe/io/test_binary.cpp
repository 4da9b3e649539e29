#include <gtest/gtest.h>

#include <filesystem>

#include "caffe/io.hpp"
#include "caffe/io/hdf5_file.hpp"
#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace caffe {
namespace test {
namespace {

NetParameter some_net() {
  NetParameter net;
  net.set_name("some net");
  for (int i = 0; i < 100; ++i) net.add_layer()->set_name("layer " + std::to_string(i));
  return net;
}

TEST(Binary, FilesRoundTrip) {
  TempDir dir;
  write_binary_file(dir / "a.caffemodel", some_net());
  NetParameter net;
  read_binary_file(dir / "a.caffemodel", &net);
  EXPECT_EQ(net.SerializeAsString(), some_net().SerializeAsString());
  EXPECT_EQ(dir.count_files(), 1);
}

TEST(Binary, EveryTruncationIsNoticedOrWhole) {
  const std::string bytes = some_net().SerializeAsString();
  for (size_t cut = 1; cut < bytes.size(); cut += 7) {
    NetParameter net;
    try {
      parse_binary(bytes.data(), cut, "the bytes", &net);
      EXPECT_LT(net.layer_size(), 100) << cut;  // cut between two layers
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kParse);
    }
  }
}

TEST(Binary, OtherFilesAreNoMessages) {
  TempDir dir;
  write_file(dir / "text", "this is no protobuf\n");
  NetParameter net;
  expect_error(Code::kParse, "text' is damaged or truncated",
               [&] { read_binary_file(dir / "text", &net); });
  Hdf5File::create(dir / "a.h5", "a.h5").close();
  expect_error(Code::kParse, "a.h5' is an HDF5 file, where a caffe.NetParameter in binary form",
               [&] { read_binary_file(dir / "a.h5", &net); });
  expect_error(Code::kIo, "none", [&] { read_binary_file(dir / "none", &net); });
  expect_error(Code::kIo, dir.path(), [&] { read_binary_file(dir.path(), &net); });
}

TEST(Binary, SizesThatNoMessageHasAreNamed) {
  TempDir dir;
  write_file(dir / "a.caffemodel", "");
  NetParameter net;
  expect_error(Code::kParse, "a.caffemodel' is empty",
               [&] { read_binary_file(dir / "a.caffemodel", &net); });
  std::filesystem::resize_file(dir / "a.caffemodel", int64_t{3} << 30);  // takes no room
  expect_error(Code::kParse, "a.caffemodel' has 3221225472 bytes",
               [&] { read_binary_file(dir / "a.caffemodel", &net); });
}

TEST(Binary, AFailedWriteLeavesTheOldFile) {
  TempDir dir;
  write_file(dir / "a.caffemodel", "old");
  expect_error(Code::kIo, "missing/a", [&] { write_binary_file(dir / "missing/a", some_net()); });
  // A directory cannot be replaced by a file: the last step fails.
  expect_error(Code::kIo, dir.path(), [&] { write_binary_file(dir.path(), some_net()); });
  EXPECT_EQ(read_file(dir / "a.caffemodel"), "old");
  EXPECT_EQ(dir.count_files(), 1);
}

}  // namespace
}  // namespace test
}  // namespace caffe
