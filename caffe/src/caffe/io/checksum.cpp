#include "caffe/io/checksum.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "caffe/error.hpp"

namespace caffe {
namespace {

namespace pb = google::protobuf;

// Number 1500, 32 bits wide.
constexpr char kTag[] = "\xe5\x5d";
constexpr size_t kTagSize = 2;
constexpr char kMark[] = "SparkCRC";
constexpr size_t kMarkSize = 8, kTrailerSize = 12;

uint32_t add(uint32_t checksum, const void* data, size_t size) {
  if (size == 0) return checksum;  // zlib starts anew without data
  return static_cast<uint32_t>(::crc32_z(checksum, static_cast<const Bytef*>(data), size));
}

// Little-endian, as protobuf's fixed32.
std::string bytes_of(uint32_t value) {
  std::string bytes;
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

uint32_t value_of(const std::string& bytes) {
  uint32_t value = 0;
  for (size_t i = 4; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// Throws unless the checksum that stands in a file is that of its content, or nothing there says
// that it is one. A file that is damaged there and nowhere else has the right one all the same.
Checksum check(bool marked, const std::string& stored, uint32_t content, const std::string& name) {
  const bool equal = value_of(stored) == content;
  require(marked == equal, Code::kParse, "'", name,
          "' is damaged: its checksum is not that of its content");
  return marked ? Checksum(content) : Checksum();
}

// Takes the checksum of what is written, which goes nowhere.
class ChecksumOutput : public pb::io::ZeroCopyOutputStream {
 public:
  uint32_t checksum() {
    count_block();
    return checksum_;
  }

  bool Next(void** data, int* size) override {
    count_block();
    *data = block_.data();
    *size = used_ = static_cast<int>(block_.size());
    return true;
  }
  void BackUp(int count) override { used_ -= count; }
  int64_t ByteCount() const override { return total_ + used_; }

 private:
  void count_block() {
    checksum_ = add(checksum_, block_.data(), used_);
    total_ += used_;
    used_ = 0;
  }

  std::vector<char> block_ = std::vector<char>(1 << 16);
  int used_ = 0;
  int64_t total_ = 0;
  uint32_t checksum_ = 0;
};

// A file that is open for reading, and maybe appending.
class Bytes {
 public:
  Bytes(const std::string& path, int flags, const std::string& shown)
      : shown_(shown), fd_(::open(path.c_str(), flags | O_CLOEXEC)) {
    if (fd_ < 0) refuse("opened");
  }
  ~Bytes() { ::close(fd_); }
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;

  int64_t size() const { return std::max<int64_t>(0, ::lseek(fd_, 0, SEEK_END)); }

  // Of the first `size` bytes.
  uint32_t checksum(int64_t size) const {
    uint32_t checksum = 0;
    std::vector<char> block(1 << 16);
    for (int64_t at = 0; at < size;) {
      const int64_t wanted = std::min<int64_t>(size - at, static_cast<int64_t>(block.size()));
      const int64_t got = read(at, wanted, block.data());
      checksum = add(checksum, block.data(), got);
      at += got;
    }
    return checksum;
  }

  std::string last(int64_t count) const {
    std::string bytes(count, '\0');
    const int64_t first = size() - count;
    for (int64_t at = 0; at < count;) at += read(first + at, count - at, bytes.data() + at);
    return bytes;
  }

  void append(const std::string& bytes) const {
    ::lseek(fd_, 0, SEEK_END);
    for (size_t at = 0; at < bytes.size();) {
      const ssize_t written = ::write(fd_, bytes.data() + at, bytes.size() - at);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) refuse("written");
      at += written;
    }
  }

 private:
  int64_t read(int64_t at, int64_t count, char* to) const {
    for (;;) {
      const ssize_t got = ::pread(fd_, to, count, at);
      if (got < 0 && errno == EINTR) continue;
      if (got == 0) errno = EIO;  // it has become shorter
      if (got <= 0) refuse("read");
      return got;
    }
  }
  [[noreturn]] void refuse(const char* what) const {
    fail(Code::kIo, "'", shown_, "' cannot be ", what, ": ", std::strerror(errno));
  }

  const std::string& shown_;
  const int fd_;
};

}  // namespace

bool has_checksum(const pb::MessageLite& message) {
  const std::string type = message.GetTypeName();
  return type == "caffe.NetParameter" || type == "caffe.SolverState";
}

uint32_t checksum_of(const pb::MessageLite& message) {
  ChecksumOutput output;
  require(message.SerializeToZeroCopyStream(&output), Code::kInternal, "a message of type ",
          message.GetTypeName(), " cannot be written");
  return output.checksum();
}

std::string checksum_header(uint32_t checksum) { return kTag + bytes_of(checksum); }

bool is_checksum_header(const std::string& first) {
  return first.size() == kHeaderSize && first.compare(0, kTagSize, kTag) == 0;
}

Checksum check_header(const std::string& first, uint32_t content, const std::string& name) {
  if (first.size() < kHeaderSize) return Checksum();
  return check(is_checksum_header(first), first.substr(kTagSize), content, name);
}

uint32_t ChecksumInput::checksum() {
  checksum_ = add(checksum_, block_, block_size_);
  block_size_ = 0;
  return checksum_;
}

bool ChecksumInput::Next(const void** data, int* size) {
  checksum();
  if (!from_->Next(data, size)) return false;
  block_ = *data;
  block_size_ = *size;
  return true;
}

void ChecksumInput::BackUp(int count) {
  block_size_ -= count;
  from_->BackUp(count);
}

bool ChecksumInput::Skip(int count) {
  const void* data = nullptr;
  int size = 0;
  while (count > 0 && Next(&data, &size)) {
    if (size > count) BackUp(size - count);
    count -= std::min(size, count);
  }
  return count == 0;
}

uint32_t append_checksum(const std::string& path, const std::string& shown) {
  const Bytes file(path, O_RDWR, shown);
  const uint32_t checksum = file.checksum(file.size());
  file.append(kMark + bytes_of(checksum));
  return checksum;
}

Checksum check_appended(const std::string& path) {
  const Bytes file(path, O_RDONLY, path);
  const int64_t content = file.size() - static_cast<int64_t>(kTrailerSize);
  if (content < 0) return Checksum();
  const std::string trailer = file.last(kTrailerSize);
  return check(trailer.compare(0, kMarkSize, kMark) == 0, trailer.substr(kMarkSize),
               file.checksum(content), path);
}

}  // namespace caffe
