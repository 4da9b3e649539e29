// The log: display lines and warnings, to stderr or a file.
#pragma once

#include <functional>
#include <string>

#include "caffe/error.hpp"

namespace caffe {

enum class LogLevel { kInfo = 0, kWarning = 1, kError = 2, kNothing = 3 };

// Appends to `filename`, empty for stderr. Throws kIo. Safe to call again.
void log_to(const std::string& filename, LogLevel minimum);

// Takes a warning, without level and time, on the thread that warns.
using WarningReceiver = std::function<void(const std::string&)>;
// Has warnings told to a receiver in place of stderr; a log file has them, too. Null: ends that.
void warnings_to(WarningReceiver receiver);

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
