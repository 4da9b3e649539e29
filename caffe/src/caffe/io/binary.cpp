// The binary format: caffemodels, solverstates, serialised messages.
#include <fcntl.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>

#include "caffe/error.hpp"
#include "caffe/io.hpp"

namespace caffe {
namespace {

namespace pb = google::protobuf;

bool parse(pb::io::ZeroCopyInputStream* in, pb::MessageLite* message) {
  pb::io::CodedInputStream coded(in);
  coded.SetTotalBytesLimit(INT_MAX);
  return message->ParseFromCodedStream(&coded) && coded.ConsumedEntireMessage();
}

// A file descriptor that closes itself.
struct File {
  explicit File(int descriptor) : fd(descriptor) {}
  ~File() {
    if (fd >= 0) ::close(fd);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd;
};

void refuse_hdf5(int fd, const std::string& filename) {
  static const unsigned char kSignature[] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
  unsigned char start[sizeof(kSignature)];
  if (::pread(fd, start, sizeof(start), 0) != sizeof(start)) return;
  require(std::memcmp(start, kSignature, sizeof(start)) != 0, Code::kUnsupported, "'", filename,
          "' is an HDF5 file; this version reads binary protobuf only");
}

}  // namespace

void parse_binary(const void* data, size_t size, const std::string& origin,
                  pb::MessageLite* message) {
  require(size <= INT_MAX, Code::kParse, origin, " has ", size,
          " bytes; a message has at most 2147483647");
  pb::io::ArrayInputStream in(data, static_cast<int>(size));
  require(parse(&in, message), Code::kParse, origin, " is damaged or truncated: it is no ",
          message->GetTypeName(), " in binary form");
}

void read_binary_file(const std::string& filename, pb::MessageLite* message) {
  File file(::open(filename.c_str(), O_RDONLY | O_CLOEXEC));
  require(file.fd >= 0, Code::kIo, "'", filename, "' cannot be opened: ", std::strerror(errno));
  refuse_hdf5(file.fd, filename);
  pb::io::FileInputStream in(file.fd);
  const bool parsed = parse(&in, message);
  require(in.GetErrno() == 0, Code::kIo, "'", filename,
          "' cannot be read: ", std::strerror(in.GetErrno()));
  require(parsed, Code::kParse, "'", filename, "' is damaged or truncated: it is no ",
          message->GetTypeName(), " in binary form");
}

void write_binary_file(const std::string& filename, const pb::MessageLite& message) {
  require(message.ByteSizeLong() <= INT_MAX, Code::kIo, "'", filename,
          "' would be larger than 2 GiB, the limit of binary protobuf");
  static std::atomic<int> serial{0};
  const std::string beside = cat(filename, ".", ::getpid(), ".", ++serial, ".tmp");
  int problem = 0;
  {
    File file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    require(file.fd >= 0, Code::kIo, "'", filename, "' cannot be written: ", std::strerror(errno));
    pb::io::FileOutputStream out(file.fd);
    if (!message.SerializeToZeroCopyStream(&out) || !out.Flush()) {
      problem = out.GetErrno() != 0 ? out.GetErrno() : EIO;
    } else if (::fsync(file.fd) != 0) {
      problem = errno;
    }
  }
  if (problem == 0 && std::rename(beside.c_str(), filename.c_str()) != 0) problem = errno;
  if (problem == 0) return;
  ::unlink(beside.c_str());
  fail(Code::kIo, "'", filename, "' cannot be written: ", std::strerror(problem));
}

}  // namespace caffe
