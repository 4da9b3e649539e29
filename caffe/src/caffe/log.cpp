#include "caffe/log.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <mutex>
#include <utility>

namespace caffe {
namespace {

struct Log {
  std::mutex mutex;
  std::FILE* file = nullptr;  // null: stderr
  LogLevel minimum = LogLevel::kInfo;
  std::shared_ptr<const WarningReceiver> receiver;  // null: there is none
};

// Never destroyed: threads may still log while the process ends.
Log& the_log() {
  static Log* log = new Log;
  return *log;
}

void write_line(std::FILE* out, LogLevel level, const std::string& line) {
  static const char kLetters[] = "IWE";
  char when[32];
  const std::time_t now = std::time(nullptr);
  std::tm local;
  localtime_r(&now, &local);
  std::strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &local);
  std::fprintf(out, "%c %s %s\n", kLetters[static_cast<int>(level)], when, line.c_str());
  std::fflush(out);
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

void warnings_to(WarningReceiver receiver) {
  Log& log = the_log();
  std::lock_guard<std::mutex> lock(log.mutex);
  log.receiver =
      receiver == nullptr ? nullptr : std::make_shared<const WarningReceiver>(std::move(receiver));
}

void log(LogLevel level, const std::string& line) {
  Log& log = the_log();
  std::shared_ptr<const WarningReceiver> receiver;
  {
    std::lock_guard<std::mutex> lock(log.mutex);
    if (level == LogLevel::kNothing || level < log.minimum) return;
    if (level == LogLevel::kWarning) receiver = log.receiver;
    if (log.file != nullptr) {
      write_line(log.file, level, line);
    } else if (receiver == nullptr) {
      write_line(stderr, level, line);
    }
  }
  // Without the lock: it may log something itself.
  if (receiver != nullptr) (*receiver)(line);
}

}  // namespace caffe
