// Errors of the engine: a code for programs and a message for people.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace caffe {

// Values equal the status codes of libccaffe/ccaffe.h.
enum class Code {
  kInvalidArgument = 1,
  kInvalidHandle = 2,
  kIo = 3,
  kParse = 4,
  kBadNet = 5,
  kShape = 6,
  kUnsupported = 7,
  kState = 8,
  kCallback = 9,
  kNumeric = 10,
  kOutOfMemory = 11,
  kInternal = 12,
};

// The one exception type that the engine throws. The message names the file,
// layer, blob or field at fault and is shown to users as it is.
class Error : public std::runtime_error {
 public:
  Error(Code code, const std::string& message) : std::runtime_error(message), code_(code) {}
  Code code() const { return code_; }

 private:
  Code code_;
};

// All arguments streamed into one string.
template <typename... Args>
std::string cat(const Args&... args) {
  std::ostringstream out;
  (out << ... << args);
  return out.str();
}

template <typename... Args>
[[noreturn]] void fail(Code code, const Args&... args) {
  throw Error(code, cat(args...));
}

// Throws unless `condition` holds. Arguments are only turned into text on failure.
template <typename... Args>
void require(bool condition, Code code, const Args&... args) {
  if (!condition) fail(code, args...);
}

// Runs `body`; an Error that leaves it gets "<place>: " in front. place() is called on failure.
template <typename Place, typename Body>
void locate_errors(const Place& place, const Body& body) {
  try {
    body();
  } catch (const Error& e) {
    throw Error(e.code(), cat(place(), ": ", e.what()));
  }
}

}  // namespace caffe
