#include "caffe/log.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <mutex>

namespace caffe {
namespace {

struct Log {
  std::mutex mutex;
  std::FILE* file = nullptr;  // null: stderr
  LogLevel minimum = LogLevel::kInfo;
};

// Never destroyed: threads may still log while the process ends.
Log& the_log() {
  static Log* log = new Log;
  return *log;
}

}  // namespace

void log_to(const std::string& filename, LogLevel minimum) {
  std::FILE* file = nullptr;
  if (!filename.empty()) {
    file = std::fopen(filename.c_str(), "a");
    require(file != nullptr, Code::kIo, "log file '", filename,
            "' cannot be opened: ", std::strerror(errno));
  }
  Log& log = the_log();
  std::lock_guard<std::mutex> lock(log.mutex);
  if (log.file != nullptr) std::fclose(log.file);
  log.file = file;
  log.minimum = minimum;
}

void log(LogLevel level, const std::string& line) {
  Log& log = the_log();
  std::lock_guard<std::mutex> lock(log.mutex);
  if (level == LogLevel::kNothing || level < log.minimum) return;
  static const char kLetters[] = "IWE";
  char when[32];
  const std::time_t now = std::time(nullptr);
  std::tm local;
  localtime_r(&now, &local);
  std::strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &local);
  std::FILE* out = log.file != nullptr ? log.file : stderr;
  std::fprintf(out, "%c %s %s\n", kLetters[static_cast<int>(level)], when, line.c_str());
  std::fflush(out);
}

}  // namespace caffe
