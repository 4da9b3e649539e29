// What the three tools that upgrade files have in common.
#pragma once

#include <google/protobuf/message_lite.h>

#include <functional>
#include <string>

#include "support/command_line.hpp"

namespace caffe::tools {

// A tool `name` with two arguments, the old file and the new one, which may be the same.
Tool upgrade_tool(const std::string& name, const std::string& what,
                  std::function<void(const std::string& from, const std::string& to)> run);

// Runs `upgrade` on `message` and tells whether that changed it.
void upgrade_and_tell(google::protobuf::MessageLite* message, const std::string& origin,
                      const std::function<void()>& upgrade);

}  // namespace caffe::tools
