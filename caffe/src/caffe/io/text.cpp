// The text format: prototxts.
#include <fcntl.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>
#include <sys/stat.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <fstream>
#include <vector>

#include "caffe/error.hpp"
#include "caffe/io.hpp"
#include "caffe/io/new_file.hpp"
#include "caffe/proto/schema.hpp"

namespace caffe {
namespace {

// Keeps the first error; those after it are mostly its consequences.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  explicit FirstError(const std::string& origin) : origin_(origin) {}
  void AddError(int line, google::protobuf::io::ColumnNumber column,
                const std::string& message) override {
    if (!text_.empty()) return;
    text_ = origin_;
    if (line >= 0) text_ += cat(":", line + 1, ":", column + 1);  // they count from 0
    text_ += ": " + message;
  }
  void AddWarning(int, google::protobuf::io::ColumnNumber, const std::string&) override {}
  const std::string& text() const { return text_; }

 private:
  std::string origin_, text_;
};

void check_text_size(int64_t size, const std::string& origin) {
  require(size <= INT_MAX, Code::kParse, origin, " has ", size, " bytes or more; text has at most ",
          INT_MAX);
}

}  // namespace

void parse_text(const std::string& text, const std::string& origin,
                google::protobuf::MessageLite* message) {
  check_text_size(static_cast<int64_t>(text.size()), origin);
  FirstError error(origin);
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  google::protobuf::io::ArrayInputStream in(text.data(), static_cast<int>(text.size()));
  const std::unique_ptr<google::protobuf::Message> described = describe(*message);
  if (parser.Parse(&in, described.get())) {
    require(message->ParsePartialFromString(described->SerializePartialAsString()), Code::kInternal,
            origin, ": a message read from text cannot be taken over");
    return;
  }
  fail(Code::kParse,
       error.text().empty() ? origin + " is not a " + message->GetTypeName() : error.text());
}

void read_text_file(const std::string& filename, google::protobuf::MessageLite* message) {
  std::ifstream in(filename);
  require(in.is_open(), Code::kIo, "'", filename, "' cannot be opened: ", std::strerror(errno));
  // Before it is read: one that is too large may not fit into memory either.
  struct stat status;
  const bool told = ::stat(filename.c_str(), &status) == 0 && S_ISREG(status.st_mode);
  check_text_size(told ? status.st_size : 0, filename);
  std::string text;
  std::vector<char> piece(1 << 20);
  while (in.read(piece.data(), piece.size()), in.gcount() > 0) {
    text.append(piece.data(), static_cast<size_t>(in.gcount()));
    check_text_size(static_cast<int64_t>(text.size()), filename);
  }
  require(!in.bad(), Code::kIo, "'", filename, "' cannot be read");
  parse_text(text, filename, message);
}

void write_text_file(const std::string& filename, const google::protobuf::MessageLite& message) {
  const std::string text = to_text(message);
  NewFile place(filename);
  const int fd = ::open(place.path().c_str(), place.open_flags(), 0666);
  if (fd < 0) place.fail_with(errno);
  google::protobuf::io::FileOutputStream out(fd);
  google::protobuf::io::CodedOutputStream coded(&out);
  coded.WriteString(text);
  coded.Trim();
  if (!out.Close()) place.fail_with(out.GetErrno() != 0 ? out.GetErrno() : EIO);
  place.commit();
}

std::string to_text(const google::protobuf::MessageLite& message) {
  const std::unique_ptr<google::protobuf::Message> described = describe(message);
  std::string text;
  require(described->ParsePartialFromString(message.SerializePartialAsString()) &&
              google::protobuf::TextFormat::PrintToString(*described, &text),
          Code::kInternal, "a message cannot be printed");
  return text;
}

}  // namespace caffe
