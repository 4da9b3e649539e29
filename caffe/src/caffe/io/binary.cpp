// The binary format: caffemodels, solverstates, serialised messages.
#include <fcntl.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>

#include "caffe/error.hpp"
#include "caffe/io.hpp"
#include "caffe/io/checksum.hpp"
#include "caffe/io/hdf5_file.hpp"
#include "caffe/io/new_file.hpp"

namespace caffe {
namespace {

namespace pb = google::protobuf;

bool parse(pb::io::ZeroCopyInputStream* in, pb::MessageLite* message) {
  pb::io::CodedInputStream coded(in);
  coded.SetTotalBytesLimit(INT_MAX);
  return message->ParseFromCodedStream(&coded) && coded.ConsumedEntireMessage();
}

// What a file begins with, up to kHeaderSize bytes.
std::string read_header(int fd) {
  std::string bytes(kHeaderSize, '\0');
  size_t size = 0;
  while (size < kHeaderSize) {
    const ssize_t got = ::read(fd, bytes.data() + size, kHeaderSize - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;  // what is wrong shows when the rest is read
    size += got;
  }
  bytes.resize(size);
  return bytes;
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

}  // namespace

void parse_binary(const void* data, size_t size, const std::string& origin,
                  pb::MessageLite* message) {
  require(size <= INT_MAX, Code::kParse, origin, " has ", size,
          " bytes; a message has at most 2147483647");
  pb::io::ArrayInputStream in(data, static_cast<int>(size));
  require(parse(&in, message), Code::kParse, origin, " is damaged or truncated: it is no ",
          message->GetTypeName(), " in binary form");
}

Checksum read_binary_file(const std::string& filename, pb::MessageLite* message) {
  File file(::open(filename.c_str(), O_RDONLY | O_CLOEXEC));
  require(file.fd >= 0, Code::kIo, "'", filename, "' cannot be opened: ", std::strerror(errno));
  // Before it is read: protobuf would take memory for the first 2 GiB, then find the file cut off.
  struct stat status;
  const bool regular = ::fstat(file.fd, &status) == 0 && S_ISREG(status.st_mode);
  require(!regular || status.st_size > 0, Code::kParse, "'", filename, "' is empty: it is no ",
          message->GetTypeName());
  const bool fits = !regular || status.st_size <= INT_MAX;
  const std::string header = read_header(file.fd);
  const bool marked = has_checksum(*message) && is_checksum_header(header);
  pb::io::ArrayInputStream first(header.data(), marked ? 0 : static_cast<int>(header.size()));
  pb::io::FileInputStream in(file.fd);
  ChecksumInput content(&in);
  pb::io::ZeroCopyInputStream* parts[] = {&first, &content};
  pb::io::ConcatenatingInputStream all(parts, 2);
  const bool parsed = fits && parse(&all, message);
  require(in.GetErrno() == 0, Code::kIo, "'", filename,
          "' cannot be read: ", std::strerror(in.GetErrno()));
  require(parsed || !Hdf5File::recognises(filename), Code::kParse, "'", filename,
          "' is an HDF5 file, where a ", message->GetTypeName(), " in binary form is needed");
  require(fits, Code::kParse, "'", filename, "' has ", status.st_size,
          " bytes; binary protobuf has at most ", INT_MAX);
  require(parsed, Code::kParse, "'", filename, "' is damaged or truncated: it is no ",
          message->GetTypeName(), " in binary form");
  return has_checksum(*message) ? check_header(header, content.checksum(), filename) : Checksum();
}

uint32_t write_binary_file(const NewFile& place, const pb::MessageLite& message) {
  require(message.ByteSizeLong() <= INT_MAX - kHeaderSize, Code::kIo, "'", place.filename(),
          "' would be larger than 2 GiB, the limit of binary protobuf");
  const uint32_t checksum = has_checksum(message) ? checksum_of(message) : 0;
  File file(::open(place.path().c_str(), place.open_flags(), 0666));
  if (file.fd < 0) place.fail_with(errno);
  pb::io::FileOutputStream out(file.fd);
  bool written = true;
  if (has_checksum(message)) {
    pb::io::CodedOutputStream coded(&out);
    coded.WriteString(checksum_header(checksum));
    written = !coded.HadError();
  }
  if (!written || !message.SerializeToZeroCopyStream(&out) || !out.Flush()) {
    place.fail_with(out.GetErrno() != 0 ? out.GetErrno() : EIO);
  }
  return checksum;
}

void write_binary_file(const std::string& filename, const pb::MessageLite& message) {
  NewFile place(filename);
  write_binary_file(place, message);
  place.commit();
}

}  // namespace caffe
