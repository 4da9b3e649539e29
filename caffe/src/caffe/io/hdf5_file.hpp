// HDF5 files: weights, solver states and data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "caffe/blob.hpp"

namespace caffe {

// An open HDF5 file. The C library has one state per process and is not thread safe: one lock
// is held in all of its calls, whatever the file. It never prints its own messages. Places in
// the file are paths as in "data/conv1/0". Errors name the file and the place.
class Hdf5File {
 public:
  // Whether the content begins as HDF5's; false too if the file cannot be read.
  static bool recognises(const std::string& filename);
  // For reading. Throws kIo, or kParse if it is no whole HDF5 file.
  static Hdf5File open(const std::string& filename);
  // An empty file, in place of one that is there. `shown`: its name in messages.
  static Hdf5File create(const std::string& filename, const std::string& shown);
  // Closes; what was written is sure to be there after close() alone.
  ~Hdf5File();
  Hdf5File(Hdf5File&& other) noexcept;
  Hdf5File& operator=(Hdf5File&&) = delete;
  // Throws kIo if something cannot be written. The file is of no use afterwards.
  void close();

  // Bytes that a file of its size may hold at most, compressed ones counted as they unpack.
  double room() const;

  bool exists(const std::string& path) const;
  // Number of links in a group.
  int64_t count(const std::string& group) const;
  // Names of the links in a group, in alphabetical order.
  std::vector<std::string> names(const std::string& group) const;
  // A group and those above it, unless they are there.
  void make_group(const std::string& path);

  // Extents of a dataset of integers or floats. Throws kParse for others, and for one that is
  // larger than what is stored of it can be: memory stays bounded by the file's size.
  Shape shape(const std::string& path) const;
  // All values of such a dataset, which has `count` of them. T: float, double, int, int64_t.
  template <typename T>
  void read(const std::string& path, int64_t count, T* values) const;
  template <typename T>
  void write(const std::string& path, const Shape& shape, const T* values);

  // A string of fixed length, as Caffe writes it, or of variable length, as h5py does.
  std::string read_string(const std::string& path) const;
  void write_string(const std::string& path, const std::string& text);

 private:
  Hdf5File(const std::string& shown, int64_t id, int64_t size)
      : shown_(shown), id_(id), size_(size) {}

  std::string shown_;
  int64_t id_ = -1;   // of the C library
  int64_t size_ = 0;  // bytes, of a file that was opened
};

}  // namespace caffe
