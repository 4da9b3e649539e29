#include "caffe/io/hdf5_file.hpp"

#include <hdf5.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <utility>
#include <vector>

#include "caffe/error.hpp"

namespace caffe {
namespace {

// Holds the lock. The library's first use sets it up: its messages go nowhere, and it does not
// run at exit, when threads of a JVM may still be inside.
class Session {
 public:
  Session() : lock_(mutex()) {
    static const bool ready = [] {
      H5dont_atexit();  // too late, and refused, where others in the process use this library
      return H5open() >= 0 && H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr) >= 0;
    }();
    require(ready, Code::kInternal, "the HDF5 library does not start");
  }

 private:
  static std::recursive_mutex& mutex() {
    static std::recursive_mutex one;
    return one;
  }
  std::lock_guard<std::recursive_mutex> lock_;
};

// An identifier of the library that closes itself.
class Id {
 public:
  using Close = herr_t (*)(hid_t);
  Id(hid_t id, Close close) : id_(id), close_(close) {}
  ~Id() {
    if (id_ >= 0) close_(id_);
  }
  Id(const Id&) = delete;
  Id& operator=(const Id&) = delete;
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  Close close_;
};

// Without locks of the file system, which network ones may refuse; closing a file closes all
// that is open in it.
hid_t access_properties() {
  const hid_t list = H5Pcreate(H5P_FILE_ACCESS);
  if (list >= 0) {
    H5Pset_file_locking(list, false, true);
    H5Pset_fclose_degree(list, H5F_CLOSE_STRONG);
  }
  return list;
}

hid_t native_type(const float*) { return H5T_NATIVE_FLOAT; }
hid_t native_type(const double*) { return H5T_NATIVE_DOUBLE; }
hid_t native_type(const int*) { return H5T_NATIVE_INT; }
hid_t native_type(const int64_t*) { return H5T_NATIVE_INT64; }

double bytes(const std::vector<hsize_t>& extents, size_t element) {
  double product = static_cast<double>(element);
  for (hsize_t extent : extents) {
    product *= static_cast<double>(std::max<hsize_t>(extent, 1));
  }
  return product;
}

// The library converts types whose fields do not fit into them, and reads out of bounds.
bool is_sound_number(hid_t type) {
  const H5T_class_t kind = H5Tget_class(type);
  const H5T_order_t order = H5Tget_order(type);
  const size_t size = H5Tget_size(type), used = H5Tget_precision(type);
  const int offset = H5Tget_offset(type);
  if (offset < 0 || used == 0 || size > 16 || offset + used > 8 * size) return false;
  if (order != H5T_ORDER_LE && order != H5T_ORDER_BE) return false;
  if (kind == H5T_INTEGER) return size <= 8;
  size_t sign, exponent, exponent_size, mantissa, mantissa_size;
  return kind == H5T_FLOAT &&
         H5Tget_fields(type, &sign, &exponent, &exponent_size, &mantissa, &mantissa_size) >= 0 &&
         exponent_size > 0 && exponent_size < 16 && mantissa_size > 0 && sign < used &&
         exponent + exponent_size <= used && mantissa + mantissa_size <= used &&
         exponent_size + mantissa_size < used && H5Tget_ebias(type) >> exponent_size == 0;
}

// Bytes that the values of a dataset may take: as many as are stored, or as Deflate makes of
// them, at most 1032 of one. What was never written takes no room: small datasets may be larger.
double room_of(hid_t dataset, int64_t file_size) {
  const Id properties(H5Dget_create_plist(dataset), H5Pclose);
  const bool chunked = properties >= 0 && H5Pget_layout(properties) == H5D_CHUNKED;
  const double stored =
      std::min(static_cast<double>(H5Dget_storage_size(dataset)), static_cast<double>(file_size));
  return std::max(1.0 * (1 << 20), (chunked ? 1032 : 1) * stored);
}

std::vector<hsize_t> chunk_of(hid_t dataset, size_t rank) {
  const Id properties(H5Dget_create_plist(dataset), H5Pclose);
  if (properties < 0 || H5Pget_layout(properties) != H5D_CHUNKED) return {};
  std::vector<hsize_t> chunk(rank);
  const int got = H5Pget_chunk(properties, static_cast<int>(rank), chunk.data());
  chunk.resize(std::max(got, 0));
  return chunk;
}

}  // namespace

bool Hdf5File::recognises(const std::string& filename) {
  const Session session;
  return H5Fis_accessible(filename.c_str(), H5P_DEFAULT) > 0;
}

Hdf5File Hdf5File::open(const std::string& filename) {
  const Session session;
  struct stat status;
  const bool found = ::stat(filename.c_str(), &status) == 0;
  require(found, Code::kIo, "'", filename, "' cannot be opened: ", std::strerror(errno));
  require(S_ISREG(status.st_mode), Code::kIo, "'", filename, "' is no file");
  const Id access(access_properties(), H5Pclose);
  errno = 0;
  const hid_t id = H5Fopen(filename.c_str(), H5F_ACC_RDONLY, access);
  if (id < 0) {
    require(errno != EACCES, Code::kIo, "'", filename,
            "' cannot be opened: ", std::strerror(EACCES));
    fail(Code::kParse, "'", filename,
         H5Fis_accessible(filename.c_str(), H5P_DEFAULT) > 0
             ? "' is damaged or truncated: HDF5 cannot open it"
             : "' is no HDF5 file");
  }
  return Hdf5File(filename, id, status.st_size);
}

Hdf5File Hdf5File::create(const std::string& filename, const std::string& shown) {
  const Session session;
  const Id access(access_properties(), H5Pclose);
  errno = 0;
  const hid_t id = H5Fcreate(filename.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access);
  require(id >= 0, Code::kIo, "'", shown,
          "' cannot be written: ", errno != 0 ? std::strerror(errno) : "HDF5 cannot create it");
  return Hdf5File(shown, id, 0);
}

Hdf5File::~Hdf5File() {
  if (id_ < 0) return;
  const Session session;
  H5Fclose(id_);
}

Hdf5File::Hdf5File(Hdf5File&& other) noexcept
    : shown_(std::move(other.shown_)), id_(std::exchange(other.id_, -1)), size_(other.size_) {}

void Hdf5File::close() {
  const Session session;
  errno = 0;
  const herr_t status = H5Fclose(std::exchange(id_, -1));
  require(status >= 0, Code::kIo, "'", shown_,
          "' cannot be written: ", errno != 0 ? std::strerror(errno) : "HDF5 cannot close it");
}

double Hdf5File::room() const {
  return std::max(1.0 * (1 << 20), 1032.0 * static_cast<double>(size_));
}

bool Hdf5File::exists(const std::string& path) const {
  const Session session;
  // The library wants to know of each part of the path first.
  for (size_t end = path.find('/');; end = path.find('/', end + 1)) {
    if (H5Lexists(id_, path.substr(0, end).c_str(), H5P_DEFAULT) <= 0) return false;
    if (end == std::string::npos) return true;
  }
}

int64_t Hdf5File::count(const std::string& group) const {
  const Session session;
  H5G_info_t info;
  require(H5Gget_info_by_name(id_, group.c_str(), &info, H5P_DEFAULT) >= 0, Code::kParse, "'",
          shown_, "' has no group '", group, "', or it is damaged");
  return static_cast<int64_t>(info.nlinks);
}

std::vector<std::string> Hdf5File::names(const std::string& group) const {
  const Session session;
  std::vector<std::string> names;
  const int64_t links = count(group);
  for (int64_t i = 0; i < links; ++i) {
    const auto name = [&](char* text, size_t size) {
      return H5Lget_name_by_idx(id_, group.c_str(), H5_INDEX_NAME, H5_ITER_INC, i, text, size,
                                H5P_DEFAULT);
    };
    const ssize_t size = name(nullptr, 0);
    require(size >= 0 && size <= 1 << 16, Code::kParse, "'", shown_, "': group '", group,
            "' is damaged");
    std::string text(size + 1, '\0');
    name(text.data(), text.size());
    text.resize(size);
    names.push_back(std::move(text));
  }
  return names;
}

void Hdf5File::make_group(const std::string& path) {
  const Session session;
  if (exists(path)) return;
  const size_t slash = path.rfind('/');
  if (slash != std::string::npos) make_group(path.substr(0, slash));
  const Id group(H5Gcreate2(id_, path.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
  require(group >= 0, Code::kIo, "'", shown_, "': HDF5 cannot make group '", path, "'");
}

Shape Hdf5File::shape(const std::string& path) const {
  const Session session;
  require(exists(path), Code::kParse, "'", shown_, "' has no dataset '", path, "'");
  const Id dataset(H5Dopen2(id_, path.c_str(), H5P_DEFAULT), H5Dclose);
  require(dataset >= 0, Code::kParse, "'", shown_, "': '", path, "' is no dataset, or is damaged");
  const Id type(H5Dget_type(dataset), H5Tclose);
  require(type >= 0 && is_sound_number(type), Code::kParse, "'", shown_, "': dataset '", path,
          "' holds no numbers, or is damaged");
  const Id space(H5Dget_space(dataset), H5Sclose);
  const int rank = space >= 0 && H5Sget_simple_extent_type(space) != H5S_NULL
                       ? H5Sget_simple_extent_ndims(space)
                       : -1;
  require(rank >= 0, Code::kParse, "'", shown_, "': dataset '", path, "' has no extents");
  std::vector<hsize_t> extents(rank);
  if (rank > 0) H5Sget_simple_extent_dims(space, extents.data(), nullptr);
  const size_t element = H5Tget_size(type);
  const double largest = std::max(bytes(extents, element), bytes(chunk_of(dataset, rank), element));
  require(largest <= room_of(dataset, size_), Code::kParse, "'", shown_, "': dataset '", path,
          "' says it has ", largest, " bytes, which a file of ", size_, " bytes cannot hold");
  return Shape(extents.begin(), extents.end());
}

template <typename T>
void Hdf5File::read(const std::string& path, int64_t count, T* values) const {
  const Session session;
  const Shape found = shape(path);
  require(product(found) == count, Code::kShape, "'", shown_, "': dataset '", path,
          "' has the shape ", shape_string(found), ", where ", count, " values are needed");
  const Id dataset(H5Dopen2(id_, path.c_str(), H5P_DEFAULT), H5Dclose);
  const herr_t status =
      H5Dread(dataset, native_type(values), H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  require(status >= 0, Code::kParse, "'", shown_, "': the values of dataset '", path,
          "' cannot be read: the file is damaged, or they are packed in a way that is not known");
}

template <typename T>
void Hdf5File::write(const std::string& path, const Shape& shape, const T* values) {
  const Session session;
  const std::vector<hsize_t> extents(shape.begin(), shape.end());
  const Id space(H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr),
                 H5Sclose);
  const Id dataset(H5Dcreate2(id_, path.c_str(), native_type(values), space, H5P_DEFAULT,
                              H5P_DEFAULT, H5P_DEFAULT),
                   H5Dclose);
  require(dataset >= 0, Code::kIo, "'", shown_, "': HDF5 cannot make dataset '", path, "'");
  const herr_t status =
      H5Dwrite(dataset, native_type(values), H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  require(status >= 0, Code::kIo, "'", shown_, "': dataset '", path, "' cannot be written");
}

std::string Hdf5File::read_string(const std::string& path) const {
  const Session session;
  const Id dataset(H5Dopen2(id_, path.c_str(), H5P_DEFAULT), H5Dclose);
  const Id type(dataset >= 0 ? H5Dget_type(dataset) : -1, H5Tclose);
  const Id space(dataset >= 0 ? H5Dget_space(dataset) : -1, H5Sclose);
  const bool one = type >= 0 && space >= 0 && H5Tget_class(type) == H5T_STRING &&
                   H5Sget_simple_extent_npoints(space) == 1;
  require(one, Code::kParse, "'", shown_, "': '", path, "' is no string");
  std::string text;
  herr_t status = -1;
  if (H5Tis_variable_str(type) > 0) {
    char* found = nullptr;
    status = H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, &found);
    if (status >= 0 && found != nullptr) text = found;
    H5free_memory(found);
  } else if (H5Tget_size(type) <= 1 << 16) {
    text.resize(H5Tget_size(type));
    status = H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text.data());
  }
  require(status >= 0, Code::kParse, "'", shown_, "': string '", path, "' cannot be read");
  return text.substr(0, text.find('\0'));
}

void Hdf5File::write_string(const std::string& path, const std::string& text) {
  const Session session;
  const Id type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type, text.size() + 1);
  const Id space(H5Screate(H5S_SCALAR), H5Sclose);
  const Id dataset(
      H5Dcreate2(id_, path.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Dclose);
  const bool written =
      dataset >= 0 && H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text.c_str()) >= 0;
  require(written, Code::kIo, "'", shown_, "': string '", path, "' cannot be written");
}

template void Hdf5File::read(const std::string&, int64_t, float*) const;
template void Hdf5File::read(const std::string&, int64_t, double*) const;
template void Hdf5File::read(const std::string&, int64_t, int*) const;
template void Hdf5File::read(const std::string&, int64_t, int64_t*) const;
template void Hdf5File::write(const std::string&, const Shape&, const float*);
template void Hdf5File::write(const std::string&, const Shape&, const double*);
template void Hdf5File::write(const std::string&, const Shape&, const int*);
template void Hdf5File::write(const std::string&, const Shape&, const int64_t*);

}  // namespace caffe
