#include "support/upgrade.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "caffe/io.hpp"
#include "caffe/log.hpp"

namespace caffe::tools {

void write_text_file(const std::string& filename, const google::protobuf::MessageLite& message) {
  const std::string text = to_text(message), beside = cat(filename, ".", ::getpid(), ".tmp");
  std::FILE* file = std::fopen(beside.c_str(), "wx");
  require(file != nullptr, Code::kIo, "'", filename, "' cannot be written: ", std::strerror(errno));
  bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  written = std::fclose(file) == 0 && written;
  if (written && std::rename(beside.c_str(), filename.c_str()) == 0) return;
  const std::string problem = std::strerror(errno);
  std::remove(beside.c_str());
  fail(Code::kIo, "'", filename, "' cannot be written: ", problem);
}

Tool upgrade_tool(const std::string& name, const std::string& what,
                  std::function<void(const std::string& from, const std::string& to)> run) {
  Tool tool;
  tool.name = name;
  tool.usage = "OLD_FILE NEW_FILE";
  tool.about = "Writes " + what + " in today's form; it may be one of any older form.";
  tool.least_arguments = tool.most_arguments = 2;
  tool.run = [run](const CommandLine& line) {
    run(line.argument(0), line.argument(1));
    log_info("Wrote ", line.argument(1));
  };
  return tool;
}

void upgrade_and_tell(google::protobuf::MessageLite* message, const std::string& origin,
                      const std::function<void()>& upgrade) {
  const std::string before = message->SerializePartialAsString();
  upgrade();
  if (message->SerializePartialAsString() == before) log_info(origin, " has today's form already");
}

}  // namespace caffe::tools
