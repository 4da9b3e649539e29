#include "support/upgrade.hpp"

#include "caffe/io.hpp"
#include "caffe/log.hpp"

namespace caffe::tools {

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
