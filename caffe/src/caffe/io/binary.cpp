// The binary format: caffemodels, solverstates, serialised messages.
#include <fcntl.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>

#include "caffe/error.hpp"
#include "caffe/io.hpp"
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

void read_binary_file(const std::string& filename, pb::MessageLite* message) {
  File file(::open(filename.c_str(), O_RDONLY | O_CLOEXEC));
  require(file.fd >= 0, Code::kIo, "'", filename, "' cannot be opened: ", std::strerror(errno));
  // Before it is read: protobuf would take memory for the first 2 GiB, then find the file cut off.
  struct stat status;
  const bool regular = ::fstat(file.fd, &status) == 0 && S_ISREG(status.st_mode);
  require(!regular || status.st_size > 0, Code::kParse, "'", filename, "' is empty: it is no ",
          message->GetTypeName());
  const bool fits = !regular || status.st_size <= INT_MAX;
  pb::io::FileInputStream in(file.fd);
  const bool parsed = fits && parse(&in, message);
  require(in.GetErrno() == 0, Code::kIo, "'", filename,
          "' cannot be read: ", std::strerror(in.GetErrno()));
  require(parsed || !Hdf5File::recognises(filename), Code::kParse, "'", filename,
          "' is an HDF5 file, where a ", message->GetTypeName(), " in binary form is needed");
  require(fits, Code::kParse, "'", filename, "' has ", status.st_size,
          " bytes; binary protobuf has at most ", INT_MAX);
  require(parsed, Code::kParse, "'", filename, "' is damaged or truncated: it is no ",
          message->GetTypeName(), " in binary form");
}

void write_binary_file(const std::string& filename, const pb::MessageLite& message) {
  require(message.ByteSizeLong() <= INT_MAX, Code::kIo, "'", filename,
          "' would be larger than 2 GiB, the limit of binary protobuf");
  NewFile place(filename);
  {
    File file(::open(place.path().c_str(), place.open_flags(), 0666));
    if (file.fd < 0) place.fail_with(errno);
    pb::io::FileOutputStream out(file.fd);
    if (!message.SerializeToZeroCopyStream(&out) || !out.Flush()) {
      place.fail_with(out.GetErrno() != 0 ? out.GetErrno() : EIO);
    }
  }
  place.commit();
}

}  // namespace caffe
