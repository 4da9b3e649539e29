// The text format: prototxts.
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "caffe/error.hpp"
#include "caffe/io.hpp"
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

}  // namespace

void parse_text(const std::string& text, const std::string& origin,
                google::protobuf::MessageLite* message) {
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
  std::ostringstream text;
  // A directory opens but cannot be read; an empty file sets failbit on `text` alone.
  if (in.peek() != std::ifstream::traits_type::eof()) text << in.rdbuf();
  require(!in.bad() && !text.bad(), Code::kIo, "'", filename, "' cannot be read");
  parse_text(text.str(), filename, message);
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
