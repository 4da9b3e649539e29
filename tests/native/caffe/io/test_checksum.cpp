#include <gtest/gtest.h>
#include <zlib.h>

#include <cstring>

#include "caffe/io.hpp"
#include "caffe/io/checksum.hpp"
#include "caffe/io/hdf5_file.hpp"
#include "support/expect_error.hpp"
#include "support/net_case.hpp"
#include "support/temp_dir.hpp"

namespace caffe {
namespace test {
namespace {

const char kNet[] =
    "name: 'n' layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 3 } } }"
    "layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'y' inner_product_param { "
    "  num_output: 4 weight_filler { type: 'gaussian' } } }";

uint32_t crc(const std::string& bytes) {
  return static_cast<uint32_t>(
      ::crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

uint32_t little_endian(const std::string& bytes) {
  uint32_t value = 0;
  std::memcpy(&value, bytes.data(), 4);
  return value;
}

TEST(Checksum, IsTheFirstFieldOfABinaryFile) {
  TempDir dir;
  const auto net = make_net(kNet);
  net->save(dir / "w.caffemodel");
  const std::string file = read_file(dir / "w.caffemodel");
  NetParameter param, read;
  ASSERT_TRUE(param.ParseFromString(file));  // as any reader of protobuf sees it
  EXPECT_EQ(param.checksum(), crc(file.substr(6)));
  EXPECT_EQ(read_binary_file(dir / "w.caffemodel", &read), param.checksum());
  EXPECT_FALSE(read.has_checksum());
  EXPECT_EQ(checksum_of(read), param.checksum());
}

// Any byte of the file, in each of its bits.
void expect_flips_are_seen(const std::string& name, const std::string& intact, size_t step,
                           const std::function<void()>& load) {
  for (size_t at = 0; at < intact.size(); at += at < 64 || at + 64 > intact.size() ? 1 : step) {
    std::string damaged = intact;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << at % 8));
    write_file(name, damaged);
    try {
      load();
      ADD_FAILURE() << "nobody saw that byte " << at << " of " << intact.size() << " is flipped";
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find(name), std::string::npos) << at << ": " << e.what();
    }
  }
  write_file(name, intact);
  load();
}

TEST(Checksum, AFlippedByteIsSeen) {
  TempDir dir;
  const auto net = make_net(kNet);
  for (const char* name : {"w.caffemodel", "w.caffemodel.h5"}) {
    net->save(dir / name);
    expect_flips_are_seen(dir / name, read_file(dir / name), 7,
                          [&] { net->copy_trained_layers_from(dir / name); });
  }
  SolverState state;
  parse_text("iter: 12 learned_net: 'w' history { shape { dim: 2 } data: 1 data: -2.5 }", "test",
             &state);
  for (const char* name : {"s.solverstate", "s.solverstate.h5"}) {
    write_solver_state(dir / name, state);
    expect_flips_are_seen(dir / name, read_file(dir / name), 7, [&] {
      SolverState read;
      read_solver_state(dir / name, &read);
    });
  }
}

TEST(Checksum, ATornFileIsSeen) {
  TempDir dir;
  const auto net = make_net(kNet);
  net->save(dir / "w");
  const std::string file = read_file(dir / "w");
  for (size_t size = 1; size < file.size(); size += 3) {
    write_file(dir / "w", file.substr(0, size));
    expect_error(Code::kParse, "w' is damaged", [&] { net->copy_trained_layers_from(dir / "w"); });
  }
}

// Whoever reads our file as protobuf, changes it and writes it again leaves the old checksum in
// it, but not at its beginning; Caffe writes none.
TEST(Checksum, FilesThatOthersWroteHaveNone) {
  TempDir dir;
  const auto net = make_net(kNet);
  net->save(dir / "w.caffemodel");
  NetParameter param;
  ASSERT_TRUE(param.ParseFromString(read_file(dir / "w.caffemodel")));
  param.mutable_layer(1)->mutable_blobs(1)->set_data(0, 42);
  write_file(dir / "changed", param.SerializeAsString());
  param.clear_checksum();
  write_file(dir / "plain", param.SerializeAsString());
  for (const char* name : {"changed", "plain"}) {
    EXPECT_FALSE(read_binary_file(dir / name, &param).has_value());
    net->layer(1).blobs()[1]->mutable_cpu_data()[0] = 0;
    net->copy_trained_layers_from(dir / name);
    EXPECT_EQ(values(*net->layer(1).blobs()[1])[0], 42);
  }
}

// Of other messages (means of images) there is none.
TEST(Checksum, OnlyWeightsAndStatesHaveOne) {
  TempDir dir;
  BlobProto blob;
  blob.add_data(1);
  EXPECT_FALSE(has_checksum(blob));
  write_binary_file(dir / "mean", blob);
  EXPECT_EQ(read_file(dir / "mean"), blob.SerializeAsString());
  EXPECT_FALSE(read_binary_file(dir / "mean", &blob).has_value());
}

TEST(Checksum, StandsBehindTheEndOfAnHdf5File) {
  TempDir dir;
  const std::string name = dir / "a.h5";
  const float values[] = {1, 2, 3};
  {
    Hdf5File file = Hdf5File::create(name, name);
    file.write("v", {3}, values);
    file.close();
  }
  const std::string content = read_file(name);
  EXPECT_FALSE(check_appended(name).has_value());
  const uint32_t checksum = append_checksum(name, name);
  EXPECT_EQ(checksum, crc(content));
  EXPECT_EQ(check_appended(name), checksum);
  const std::string file = read_file(name);
  EXPECT_EQ(file.substr(0, content.size()), content);
  EXPECT_EQ(little_endian(file.substr(file.size() - 4)), checksum);
  EXPECT_EQ(Hdf5File::open(name).shape("v"), (Shape{3}));  // the library does not mind
  expect_error(Code::kIo, "none' cannot be opened", [&] { check_appended(dir / "none"); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
