// Command lines of the tools: flags as gflags reads them, which Caffe's tools use.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace caffe::tools {

struct Flag {
  std::string name;
  std::string value;  // if it is not given
  std::string help;
  bool is_switch = false;  // "true" or "false"
};

// --name=value, --name value, and for a switch --name and --noname; one dash or two. What is no
// flag is an argument, and so is all that follows "--".
class CommandLine {
 public:
  // Throws kInvalidArgument for an unknown flag or a missing value.
  CommandLine(const std::vector<Flag>& flags, const std::vector<std::string>& words);

  const std::vector<std::string>& arguments() const { return arguments_; }
  // Argument i; empty if there are fewer.
  std::string argument(size_t i) const { return i < arguments_.size() ? arguments_[i] : ""; }
  bool given(const std::string& flag) const { return given_.count(flag) != 0; }
  const std::string& text(const std::string& flag) const { return values_.at(flag); }
  bool on(const std::string& flag) const { return text(flag) == "true"; }
  // Throws kInvalidArgument unless the value is a whole number, not below `least`.
  int number(const std::string& flag, int least) const;
  // The parts of a value, or of any text, between commas.
  std::vector<std::string> list(const std::string& flag) const { return split(text(flag)); }
  static std::vector<std::string> split(const std::string& text);
  // `text` as a whole number; `what` names it in the message of kInvalidArgument.
  static int to_number(const std::string& text, const std::string& what, int least);

 private:
  std::map<std::string, std::string> values_, given_;
  std::vector<std::string> arguments_;
};

struct Tool {
  std::string name;
  std::string usage;  // the arguments, in one line
  std::string about;  // shown by --help
  std::vector<Flag> flags;
  size_t least_arguments, most_arguments;
  std::function<void(const CommandLine&)> run;
};

// What main returns: 0, or 1 after one line on stderr that names the tool and the fault.
int run_tool(const Tool& tool, int argc, char** argv);

}  // namespace caffe::tools
