// The log: display lines and warnings, to stderr or a file.
#pragma once

#include <string>

#include "caffe/error.hpp"

namespace caffe {

enum class LogLevel { kInfo = 0, kWarning = 1, kError = 2, kNothing = 3 };

// Appends to `filename`, empty for stderr. Throws kIo. Safe to call again.
void log_to(const std::string& filename, LogLevel minimum);
// Writes one line, prefixed with level and time. Thread-safe.
void log(LogLevel level, const std::string& line);

template <typename... Args>
void log_info(const Args&... args) {
  log(LogLevel::kInfo, cat(args...));
}
template <typename... Args>
void log_warning(const Args&... args) {
  log(LogLevel::kWarning, cat(args...));
}

}  // namespace caffe
