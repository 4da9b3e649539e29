#include "caffe/weights_report.hpp"

#include "caffe/error.hpp"

namespace caffe {
namespace {

std::string list(const std::vector<std::string>& names) {
  constexpr size_t kMost = 10;
  std::string text;
  for (size_t i = 0; i < names.size() && i < kMost; ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > kMost) text += cat(" and ", names.size() - kMost, " more");
  return text;
}

}  // namespace

std::string WeightsReport::text() const {
  std::string text = cat(file, ": took ", taken, " of ", wanted, " layers");
  if (!not_in_file.empty()) text += "; not in the file: " + list(not_in_file);
  if (!not_in_net.empty()) text += "; not in the net: " + list(not_in_net);
  return text;
}

void check_match(const WeightsReport& report, Match match, const std::string& net) {
  const bool nothing = report.taken == 0 && report.wanted > 0;
  require(match == Match::kAny || !nothing, Code::kShape, report.file,
          ": none of its layers is in net '", net, "'; not in the file: ", list(report.not_in_file),
          report.not_in_net.empty() ? "; it has no layers with parameters"
                                    : "; not in the net: " + list(report.not_in_net));
  require(match != Match::kAll || report.not_in_file.empty(), Code::kShape, report.file,
          ": some layers of net '", net, "' are not in the file: ", list(report.not_in_file));
}

}  // namespace caffe
