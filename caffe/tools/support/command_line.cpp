#include "support/command_line.hpp"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <new>
#include <set>

#include "caffe/error.hpp"
#include "caffe/log.hpp"

namespace caffe::tools {
namespace {

// glog's flags that scripts pass to Caffe's tools. The log goes to stderr in any case.
const std::vector<Flag>& log_flags() {
  static const std::vector<Flag> kFlags = {
      {"help", "false", "show this and end", true},
      {"logtostderr", "true", "accepted: the log always goes to stderr", true},
      {"alsologtostderr", "true", "accepted: the log always goes to stderr", true},
      {"log_dir", "", "accepted: the log always goes to stderr", false},
      {"stderrthreshold", "0", "accepted: the log always goes to stderr", false},
      {"v", "0", "accepted: there are no verbose messages", false},
      {"minloglevel", "0", "log from 0 all, 1 warnings, 2 errors, 3 nothing", false},
  };
  return kFlags;
}

std::string switch_value(const std::string& name, const std::string& text) {
  static const std::set<std::string> kOn = {"true", "t", "yes", "y", "1"};
  static const std::set<std::string> kOff = {"false", "f", "no", "n", "0"};
  const bool on = kOn.count(text) != 0;
  require(on || kOff.count(text) != 0, Code::kInvalidArgument, "flag --", name,
          " is true or false, not '", text, "'");
  return on ? "true" : "false";
}

void show_help(const Tool& tool, const std::vector<Flag>& flags) {
  std::printf("usage: %s %s\n\n%s\n\nflags:\n", tool.name.c_str(), tool.usage.c_str(),
              tool.about.c_str());
  for (const Flag& flag : flags) {
    const std::string start =
        "--" + flag.name + (flag.value.empty() ? "" : " (" + flag.value + ")");
    std::printf("  %-28s %s\n", start.c_str(), flag.help.c_str());
  }
}

void run(const Tool& tool, const std::vector<std::string>& words) {
  std::vector<Flag> flags = tool.flags;
  flags.insert(flags.end(), log_flags().begin(), log_flags().end());
  const CommandLine line(flags, words);
  if (line.on("help")) return show_help(tool, flags);
  log_to("", static_cast<LogLevel>(std::min(line.number("minloglevel", 0), 3)));
  const size_t count = line.arguments().size();
  require(count >= tool.least_arguments && count <= tool.most_arguments, Code::kInvalidArgument,
          "usage: ", tool.name, " ", tool.usage, " (--help tells more)");
  tool.run(line);
}

int report(const std::string& name, std::string message) {
  std::replace(message.begin(), message.end(), '\n', ' ');
  std::fprintf(stderr, "%s: %s\n", name.c_str(), message.c_str());
  return 1;
}

}  // namespace

CommandLine::CommandLine(const std::vector<Flag>& flags, const std::vector<std::string>& words) {
  std::map<std::string, const Flag*> known;
  for (const Flag& flag : flags) {
    known[flag.name] = &flag;
    values_[flag.name] = flag.value;
  }
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--") {
      arguments_.insert(arguments_.end(), words.begin() + i + 1, words.end());
      break;
    }
    if (word.size() < 2 || word[0] != '-') {
      arguments_.push_back(word);
      continue;
    }
    const size_t start = word[1] == '-' ? 2 : 1, equals = word.find('=');
    std::string name = word.substr(start, equals == std::string::npos ? equals : equals - start);
    std::string value = equals == std::string::npos ? "true" : word.substr(equals + 1);
    auto found = known.find(name);
    if (found == known.end() && name.compare(0, 2, "no") == 0 && equals == std::string::npos) {
      found = known.find(name.substr(2));
      if (found != known.end() && !found->second->is_switch) found = known.end();
      value = "false";
    }
    require(found != known.end(), Code::kInvalidArgument, "unknown flag --", name,
            " (--help tells the flags)");
    const Flag& flag = *found->second;
    if (flag.is_switch) {
      value = switch_value(flag.name, value);
    } else if (equals == std::string::npos) {
      require(i + 1 < words.size(), Code::kInvalidArgument, "flag --", name, " needs a value");
      value = words[++i];
    }
    values_[flag.name] = given_[flag.name] = value;
  }
}

int CommandLine::number(const std::string& flag, int least) const {
  return to_number(text(flag), "flag --" + flag, least);
}

int CommandLine::to_number(const std::string& text, const std::string& what, int least) {
  size_t used = 0;
  long long value = 0;
  try {
    value = std::stoll(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  require(used > 0 && used == text.size() && value <= std::numeric_limits<int>::max(),
          Code::kInvalidArgument, what, " needs a whole number, not '", text, "'");
  require(value >= least, Code::kInvalidArgument, what, " must be at least ", least, ", not ",
          value);
  return static_cast<int>(value);
}

std::vector<std::string> CommandLine::split(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t start = 0; start < text.size();) {
    const size_t comma = std::min(text.find(',', start), text.size());
    const size_t first = std::min(text.find_first_not_of(" \t", start), comma);
    const size_t last = text.find_last_not_of(" \t", comma - (comma > first ? 1 : 0));
    if (comma > first) parts.push_back(text.substr(first, last + 1 - first));
    start = comma + 1;
  }
  return parts;
}

int run_tool(const Tool& tool, int argc, char** argv) {
  try {
    run(tool, std::vector<std::string>(argv + std::min(argc, 1), argv + argc));
    return std::fflush(stdout) == 0 ? 0 : report(tool.name, "its output cannot be written");
  } catch (const std::bad_alloc&) {
    return report(tool.name, "out of memory");
  } catch (const std::exception& e) {
    return report(tool.name, e.what());
  }
}

}  // namespace caffe::tools
