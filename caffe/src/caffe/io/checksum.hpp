// Checksums of the files that SparkNet writes: the CRC-32 of zlib.
#pragma once

#include <google/protobuf/io/zero_copy_stream.h>
#include <google/protobuf/message_lite.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace caffe {

// None: the file has none, since it was written by Caffe.
using Checksum = std::optional<uint32_t>;

// A binary file begins with the checksum of all that follows, as the field `checksum` of its
// message. Whoever writes the message anew writes fields in the order of their numbers, so a
// checksum that is not up to date never comes first.
constexpr size_t kHeaderSize = 6;

// Whether files of this kind of message have one: weights and solver states.
bool has_checksum(const google::protobuf::MessageLite& message);
// That of the message as a file.
uint32_t checksum_of(const google::protobuf::MessageLite& message);
// The field, kHeaderSize bytes.
std::string checksum_header(uint32_t checksum);
// What the first bytes of a file say: `content` is the checksum of those after them. Throws kParse
// if the file is damaged; `name` is its own.
Checksum check_header(const std::string& first, uint32_t content, const std::string& name);
// Whether they are the field at all.
bool is_checksum_header(const std::string& first);

// Passes on what it reads and takes its checksum.
class ChecksumInput : public google::protobuf::io::ZeroCopyInputStream {
 public:
  explicit ChecksumInput(google::protobuf::io::ZeroCopyInputStream* from) : from_(from) {}
  // Of all that was read so far.
  uint32_t checksum();

  bool Next(const void** data, int* size) override;
  void BackUp(int count) override;
  bool Skip(int count) override;
  int64_t ByteCount() const override { return from_->ByteCount(); }

 private:
  google::protobuf::io::ZeroCopyInputStream* from_;
  uint32_t checksum_ = 0;
  const void* block_ = nullptr;  // read, not yet counted: some of it may be given back
  int block_size_ = 0;
};

// HDF5 files, which may have bytes behind their end, have it there. Whoever changes such a file
// cuts it off.
//
// Appends the checksum to a closed file and returns it. Throws kIo, naming `shown`.
uint32_t append_checksum(const std::string& path, const std::string& shown);
// Throws kIo, or kParse if the file is damaged.
Checksum check_appended(const std::string& path);

}  // namespace caffe
