#include <gtest/gtest.h>
#include <hdf5.h>

#include <random>
#include <thread>

#include "caffe/io/hdf5_file.hpp"
#include "support/expect_error.hpp"
#include "support/shared_data.hpp"
#include "support/temp_dir.hpp"

namespace caffe {
namespace test {
namespace {

std::string some_file(const TempDir& dir) {
  const std::string name = dir / "a.h5";
  Hdf5File file = Hdf5File::create(name, name);
  const std::vector<float> values = {1, -2, 3.5f, 4, 5, 6};
  const int one = 7;
  file.make_group("data/inception/1x1");
  file.write("data/inception/1x1/0", {2, 3}, values.data());
  file.write("data/scalar", {}, values.data() + 2);
  file.write("iter", {1}, &one);
  file.write_string("name", "some text");
  file.close();
  return name;
}

// A dataset that the library alone can make: `make(file id)`.
template <typename Make>
std::string made_by_library(const TempDir& dir, const Make& make) {
  const std::string name = dir / "made.h5";
  const hid_t file = H5Fcreate(name.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  make(file);
  H5Fclose(file);
  return name;
}

void make_dataset(hid_t file, hid_t type, const std::vector<hsize_t>& extents,
                  hid_t properties = H5P_DEFAULT) {
  const hid_t space = H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr);
  H5Dclose(H5Dcreate2(file, "x", type, space, H5P_DEFAULT, properties, H5P_DEFAULT));
  H5Sclose(space);
}

TEST(Hdf5File, ValuesGroupsAndStringsRoundTrip) {
  TempDir dir;
  const Hdf5File file = Hdf5File::open(some_file(dir));
  EXPECT_TRUE(file.exists("data/inception/1x1"));
  EXPECT_FALSE(file.exists("data/inception/3x3/0"));
  EXPECT_FALSE(file.exists("iter/0"));
  EXPECT_EQ(file.count("data"), 2);
  EXPECT_EQ(file.shape("data/inception/1x1/0"), (Shape{2, 3}));
  EXPECT_EQ(file.shape("data/scalar"), Shape{});
  std::vector<double> values(6);  // converted on the way
  file.read("data/inception/1x1/0", 6, values.data());
  EXPECT_EQ(values, (std::vector<double>{1, -2, 3.5, 4, 5, 6}));
  int iter = 0;
  file.read("iter", 1, &iter);
  EXPECT_EQ(iter, 7);
  EXPECT_EQ(file.read_string("name"), "some text");
}

TEST(Hdf5File, ContentTellsWhatAFileIs) {
  TempDir dir;
  const std::string name = some_file(dir);
  std::filesystem::rename(name, dir / "no_ending");
  EXPECT_TRUE(Hdf5File::recognises(dir / "no_ending"));
  write_file(dir / "text.h5", "text");
  EXPECT_FALSE(Hdf5File::recognises(dir / "text.h5"));
  EXPECT_FALSE(Hdf5File::recognises(dir / "none.h5"));
  EXPECT_FALSE(Hdf5File::recognises(dir.path()));
}

TEST(Hdf5File, ErrorsNameFileAndPlace) {
  TempDir dir;
  const std::string name = some_file(dir);
  write_file(dir / "text.h5", "text");
  expect_error(Code::kParse, "text.h5' is no HDF5 file", [&] { Hdf5File::open(dir / "text.h5"); });
  expect_error(Code::kIo, "none.h5' cannot be opened: No such file",
               [&] { Hdf5File::open(dir / "none.h5"); });
  expect_error(Code::kIo, "is no file", [&] { Hdf5File::open(dir.path()); });
  expect_error(Code::kIo, "'shown' cannot be written: No such file",
               [&] { Hdf5File::create(dir / "nowhere/a.h5", "shown"); });
  const Hdf5File file = Hdf5File::open(name);
  float value = 0;
  expect_error(Code::kParse, "a.h5' has no dataset 'data/x'", [&] { file.shape("data/x"); });
  expect_error(Code::kParse, "'data' is no dataset", [&] { file.shape("data"); });
  expect_error(Code::kParse, "'name' holds no numbers", [&] { file.shape("name"); });
  expect_error(Code::kShape, "'data/inception/1x1/0' has the shape 2 3 (6), where 1 values",
               [&] { file.read("data/inception/1x1/0", 1, &value); });
  expect_error(Code::kParse, "has no group 'none'", [&] { file.count("none"); });
  expect_error(Code::kParse, "'iter' is no string", [&] { file.read_string("iter"); });
  expect_error(Code::kParse, "'none' is no string", [&] { file.read_string("none"); });
}

TEST(Hdf5File, WhatIsThereIsNotMadeTwice) {
  TempDir dir;
  Hdf5File file = Hdf5File::create(dir / "a.h5", "a.h5");
  const float value = 1;
  file.write("x", {1}, &value);
  expect_error(Code::kIo, "'a.h5': HDF5 cannot make dataset 'x'",
               [&] { file.write("x", {1}, &value); });
  expect_error(Code::kIo, "'a.h5': HDF5 cannot make group 'x/y'", [&] { file.make_group("x/y"); });
}

TEST(Hdf5File, TruncatedFilesAreRefused) {
  TempDir dir;
  const std::string content = read_file(some_file(dir));
  for (size_t cut : {size_t{8}, size_t{60}, size_t{200}, content.size() / 2, content.size() - 1}) {
    write_file(dir / "cut.h5", content.substr(0, cut));
    expect_error(Code::kParse, "cut.h5' is damaged or truncated",
                 [&] { Hdf5File::open(dir / "cut.h5"); });
  }
}

TEST(Hdf5File, DatasetsLargerThanTheirFileAreRefused) {
  TempDir dir;
  const std::string huge = made_by_library(dir, [](hid_t file) {
    make_dataset(file, H5T_NATIVE_FLOAT, {hsize_t{1} << 31, hsize_t{1} << 20});
  });
  expect_error(Code::kParse, "dataset 'x' says it has", [&] { Hdf5File::open(huge).shape("x"); });
  const std::string unstored = made_by_library(
      dir, [](hid_t file) { make_dataset(file, H5T_NATIVE_FLOAT, {hsize_t{1} << 20}); });
  expect_error(Code::kParse, "dataset 'x' says it has",
               [&] { Hdf5File::open(unstored).shape("x"); });
  const std::string chunked = made_by_library(dir, [](hid_t file) {
    const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t chunk = hsize_t{1} << 29, extent = 1, unlimited = H5S_UNLIMITED;
    H5Pset_chunk(properties, 1, &chunk);
    const hid_t space = H5Screate_simple(1, &extent, &unlimited);
    H5Dclose(H5Dcreate2(file, "x", H5T_NATIVE_FLOAT, space, H5P_DEFAULT, properties, H5P_DEFAULT));
    H5Sclose(space);
    H5Pclose(properties);
  });
  expect_error(Code::kParse, "dataset 'x' says it has",
               [&] { Hdf5File::open(chunked).shape("x"); });
  const std::string unwritten =
      made_by_library(dir, [](hid_t file) { make_dataset(file, H5T_STD_U8BE, {100}); });
  std::vector<float> values(100, 1);
  Hdf5File::open(unwritten).read("x", 100, values.data());
  EXPECT_EQ(values, std::vector<float>(100, 0));
}

// All that lies in a file: how many values of it could be read.
int64_t read_all(const Hdf5File& file, const std::string& group, int depth) {
  int64_t count = 0;
  for (const std::string& name : file.names(group)) {
    const std::string path = group == "/" ? name : group + "/" + name;
    try {
      std::vector<float> values(product(file.shape(path)));
      file.read(path, static_cast<int64_t>(values.size()), values.data());
      count += static_cast<int64_t>(values.size());
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find(path), std::string::npos) << e.what();
      if (depth < 4 && file.exists(path)) {
        try {
          count += read_all(file, path, depth + 1);
        } catch (const Error&) {
        }
      }
    }
  }
  return count;
}

TEST(Hdf5File, DamageIsNoDisaster) {
  TempDir dir;
  const std::string name = some_file(dir), whole = read_file(name);
  EXPECT_EQ(read_all(Hdf5File::open(name), "/", 0), 6 + 1 + 1);
  std::mt19937 random(5);
  int opened = 0;
  for (int i = 0; i < 600; ++i) {
    std::string damaged = whole;
    for (int k = 0; k < 1 + i % 4; ++k) {
      const size_t at = random() % damaged.size();
      damaged[at] = static_cast<char>(random() % 3 == 0 ? 0xff : random());
    }
    write_file(dir / "damaged.h5", damaged);
    try {
      const Hdf5File file = Hdf5File::open(dir / "damaged.h5");
      ++opened;
      read_all(file, "/", 0);
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find("damaged.h5"), std::string::npos) << e.what();
    }
  }
  EXPECT_GT(opened, 300);
}

// The library would read out of bounds when it converts from such a type.
TEST(Hdf5File, TypesThatCannotBeAreRefused) {
  TempDir dir;
  const std::string name = some_file(dir);
  std::string content = read_file(name);
  // Places and sizes of exponent and mantissa, and the exponent's bias, of a float.
  const std::string fields("\x17\x08\x00\x17\x7f\x00\x00\x00", 8);
  int found = 0;
  for (size_t at = content.find(fields); at != std::string::npos; at = content.find(fields, at)) {
    content[at + 3] = '\xff';
    ++found;
  }
  EXPECT_EQ(found, 2);
  write_file(name, content);
  const Hdf5File file = Hdf5File::open(name);
  std::vector<double> values(6);
  expect_error(Code::kParse, "'data/inception/1x1/0' holds no numbers, or is damaged",
               [&] { file.read("data/inception/1x1/0", 6, values.data()); });
}

TEST(Hdf5File, NumbersOfAnyStandardTypeAreRead) {
  TempDir dir;
  for (const hid_t type : {H5T_STD_I8LE, H5T_STD_U64BE, H5T_IEEE_F32BE, H5T_IEEE_F64LE,
                           H5T_NATIVE_LDOUBLE, H5T_NATIVE_LONG}) {
    const std::string name = made_by_library(dir, [type](hid_t file) {
      make_dataset(file, type, {2});
      const double values[] = {3, 4};
      const hid_t dataset = H5Dopen2(file, "x", H5P_DEFAULT);
      H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
      H5Dclose(dataset);
    });
    std::vector<float> values(2);
    Hdf5File::open(name).read("x", 2, values.data());
    EXPECT_EQ(values, (std::vector<float>{3, 4}));
  }
}

TEST(Hdf5File, StringsOfVariableLengthAreRead) {
  TempDir dir;
  const std::string name = made_by_library(dir, [](hid_t file) {
    const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, H5T_VARIABLE);
    const hid_t dataset = H5Dcreate2(file, "x", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const char* const text = "some text";
    H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, &text);
    H5Dclose(dataset);
    H5Sclose(space);
    H5Tclose(type);
  });
  EXPECT_EQ(Hdf5File::open(name).read_string("x"), "some text");
}

TEST(Hdf5File, DatasetsWithoutExtentsAreRefused) {
  TempDir dir;
  const std::string name = made_by_library(dir, [](hid_t file) {
    const hid_t space = H5Screate(H5S_NULL);
    H5Dclose(H5Dcreate2(file, "x", H5T_NATIVE_FLOAT, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
  });
  expect_error(Code::kParse, "'x' has no extents", [&] { Hdf5File::open(name).shape("x"); });
}

TEST(Hdf5File, TheLibraryPrintsNothing) {
  TempDir dir;
  write_file(dir / "text.h5", "text");
  ::testing::internal::CaptureStderr();
  EXPECT_THROW(Hdf5File::open(dir / "text.h5"), Error);
  EXPECT_THROW(Hdf5File::create(dir / "nowhere/a.h5", "a.h5"), Error);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(Hdf5File, ThreadsTakeTurns) {
  TempDir dir;
  std::vector<std::thread> threads;
  std::vector<int> found(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&dir, &found, t] {
      const std::string name = dir / cat("t", t, ".h5");
      for (int round = 0; round < 20; ++round) {
        Hdf5File out = Hdf5File::create(name, name);
        const int value = 100 * t + round;
        out.make_group("a/b");
        out.write("a/b/c", {1}, &value);
        out.close();
        Hdf5File::open(name).read("a/b/c", 1, &found[t]);
        if (found[t] != value) return;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(found, (std::vector<int>{19, 119, 219, 319}));
}

}  // namespace
}  // namespace test
}  // namespace caffe
