// The text format: prototxts.
#include <fcntl.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <fstream>
#include <vector>

#include "caffe/error.hpp"
#include "caffe/io.hpp"
#include "caffe/io/new_file.hpp"
#include "caffe/near_names.hpp"
#include "caffe/proto/schema.hpp"

namespace caffe {
namespace {

// What stands in quotes after some words of a text; nothing if it does not have them.
std::string quoted_after(const std::string& words, const std::string& text) {
  const size_t at = text.find(words + '"');
  if (at == std::string::npos) return "";
  const size_t begin = at + words.size() + 1;
  const size_t end = text.find('"', begin);
  return end == std::string::npos ? "" : text.substr(begin, end - begin);
}

// Adds to what the parser says of an unknown name those that are near to it. The parser has no
// other way to tell that it is about a name; of an enum's value it tells the field.
std::string with_near_names(const std::string& message,
                            const google::protobuf::FileDescriptor& schema) {
  const std::string in_type = quoted_after("Message type ", message);
  const std::string field = quoted_after("has no field named ", message);
  const std::string value = quoted_after("nknown enumeration value of ", message);
  const std::string of_field = quoted_after("for field ", message);
  std::vector<std::string> known;
  for (int i = 0; i < schema.message_type_count(); ++i) {
    const google::protobuf::Descriptor& type = *schema.message_type(i);
    const bool has_field = type.full_name() == in_type;
    for (int j = 0; j < type.field_count(); ++j) {
      const google::protobuf::FieldDescriptor& own = *type.field(j);
      if (!field.empty() && has_field) known.push_back(own.name());
      if (value.empty() || own.name() != of_field || own.enum_type() == nullptr) continue;
      for (int k = 0; k < own.enum_type()->value_count(); ++k) {
        known.push_back(own.enum_type()->value(k)->name());
      }
    }
  }
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  const std::string hint = did_you_mean(field.empty() ? value : field, known);
  if (hint.empty()) return message;
  return message.substr(0, message.size() - (message.back() == '.' ? 1 : 0)) + hint;
}

// Keeps the first error; those after it are mostly its consequences.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  FirstError(const std::string& origin, const google::protobuf::FileDescriptor& schema)
      : origin_(origin), schema_(schema) {}
  void AddError(int line, google::protobuf::io::ColumnNumber column,
                const std::string& message) override {
    if (!text_.empty()) return;
    text_ = origin_;
    if (line >= 0) text_ += cat(":", line + 1, ":", column + 1);  // they count from 0
    text_ += ": " + with_near_names(message, schema_);
  }
  void AddWarning(int, google::protobuf::io::ColumnNumber, const std::string&) override {}
  const std::string& text() const { return text_; }

 private:
  std::string origin_, text_;
  const google::protobuf::FileDescriptor& schema_;
};

void check_text_size(int64_t size, const std::string& origin) {
  require(size <= INT_MAX, Code::kParse, origin, " has ", size, " bytes or more; text has at most ",
          INT_MAX);
}

}  // namespace

void parse_text(const std::string& text, const std::string& origin,
                google::protobuf::MessageLite* message) {
  check_text_size(static_cast<int64_t>(text.size()), origin);
  const std::unique_ptr<google::protobuf::Message> described = describe(*message);
  FirstError error(origin, *described->GetDescriptor()->file());
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  google::protobuf::io::ArrayInputStream in(text.data(), static_cast<int>(text.size()));
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
