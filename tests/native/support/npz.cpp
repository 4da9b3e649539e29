#include "support/npz.hpp"

#include <zlib.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include "caffe/error.hpp"

namespace caffe {
namespace test {

namespace {

// Little-endian fields of a file in memory.
class Bytes {
 public:
  explicit Bytes(const std::string& filename) : name_(filename) {
    std::ifstream in(filename, std::ios::binary);
    require(in.good(), Code::kIo, filename, ": cannot open");
    bytes_.assign(std::istreambuf_iterator<char>(in), {});
  }
  size_t size() const { return bytes_.size(); }
  const char* at(size_t offset, size_t length) const {
    require(offset + length <= bytes_.size(), Code::kParse, name_, ": truncated");
    return bytes_.data() + offset;
  }
  uint32_t number(size_t offset, int length) const {
    const char* p = at(offset, length);
    uint32_t value = 0;
    for (int i = length; i-- > 0;) value = value << 8 | static_cast<unsigned char>(p[i]);
    return value;
  }

 private:
  std::string name_, bytes_;
};

std::string inflate_raw(const char* data, size_t size, size_t expected) {
  std::string out(expected, '\0');
  z_stream stream = {};
  require(inflateInit2(&stream, -MAX_WBITS) == Z_OK, Code::kInternal, "zlib cannot start");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data));
  stream.avail_in = static_cast<uInt>(size);
  stream.next_out = reinterpret_cast<Bytef*>(&out[0]);
  stream.avail_out = static_cast<uInt>(expected);
  const int status = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  require(status == Z_STREAM_END && stream.total_out == expected, Code::kParse, "bad deflate data");
  return out;
}

// NPY version 1: magic, header length, a Python dict as text, then the values.
NpyArray parse_npy(const std::string& name, const std::string& bytes) {
  require(bytes.size() >= 10 && bytes.compare(0, 6, "\x93NUMPY") == 0, Code::kParse, name,
          ": no .npy");
  const size_t length = static_cast<unsigned char>(bytes[8]) |
                        static_cast<size_t>(static_cast<unsigned char>(bytes[9])) << 8;
  const std::string header = bytes.substr(10, length);
  require(header.find("'<f4'") != std::string::npos &&
              header.find("'fortran_order': False") != std::string::npos,
          Code::kParse, name, ": not float32 in C order: ", header);
  NpyArray array;
  const size_t open = header.find('(', header.find("'shape'")), close = header.find(')', open);
  std::istringstream extents(header.substr(open + 1, close - open - 1));
  for (std::string extent; std::getline(extents, extent, ',');) {
    if (extent.find_first_of("0123456789") != std::string::npos) {
      array.shape.push_back(std::stoll(extent));
    }
  }
  array.values.resize(product(array.shape));
  require(bytes.size() == 10 + length + array.values.size() * sizeof(float), Code::kParse, name,
          ": size does not match its shape");
  if (!array.values.empty()) {
    std::memcpy(array.values.data(), bytes.data() + 10 + length,
                array.values.size() * sizeof(float));
  }
  return array;
}

}  // namespace

std::map<std::string, NpyArray> read_npz(const std::string& filename) {
  const Bytes file(filename);
  constexpr uint32_t kEndRecord = 0x06054b50;
  size_t end = file.size() < 22 ? 0 : file.size() - 22;
  while (end > 0 && file.number(end, 4) != kEndRecord) --end;
  require(end > 0, Code::kParse, filename, ": no zip");
  std::map<std::string, NpyArray> arrays;
  size_t entry = file.number(end + 16, 4);
  for (uint32_t left = file.number(end + 10, 2); left > 0; --left) {
    const uint32_t method = file.number(entry + 10, 2), packed = file.number(entry + 20, 4),
                   size = file.number(entry + 24, 4), name_length = file.number(entry + 28, 2),
                   local = file.number(entry + 42, 4);
    std::string name(file.at(entry + 46, name_length), name_length);
    const size_t data = local + 30 + file.number(local + 26, 2) + file.number(local + 28, 2);
    require(method == 0 || method == Z_DEFLATED, Code::kParse, name, ": zip method ", method);
    const std::string bytes = method == 0 ? std::string(file.at(data, size), size)
                                          : inflate_raw(file.at(data, packed), packed, size);
    entry += 46 + name_length + file.number(entry + 30, 2) + file.number(entry + 32, 2);
    NpyArray array = parse_npy(name, bytes);
    arrays[name.substr(0, name.size() - 4)] = std::move(array);
  }
  return arrays;
}

}  // namespace test
}  // namespace caffe
