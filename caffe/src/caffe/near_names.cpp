#include "caffe/near_names.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace caffe {
namespace {

// Longer than any name of ours could be near to: what is misspelt may be a file's worth of letters.
constexpr size_t kLongest = 100;

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// Levenshtein's: insertions, deletions and replacements from a to b.
size_t distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

bool begins_with(const std::string& text, const std::string& start) {
  return text.compare(0, start.size(), start) == 0;
}

}  // namespace

std::string did_you_mean(const std::string& name, const std::vector<std::string>& known) {
  if (name.size() > kLongest) return "";
  const std::string given = lower(name);
  std::vector<std::pair<size_t, std::string>> near;
  for (const std::string& candidate : known) {
    const std::string other = lower(candidate);
    const size_t steps = distance(given, other);
    const bool begins = std::min(given.size(), other.size()) >= 3 &&
                        (begins_with(other, given) || begins_with(given, other));
    if (begins || steps <= std::max<size_t>(1, (given.size() + 1) / 3)) {
      near.emplace_back(steps, candidate);
    }
  }
  if (near.empty()) return "";
  std::sort(near.begin(), near.end());
  near.resize(std::min<size_t>(near.size(), 3));
  std::string names;
  for (size_t i = 0; i < near.size(); ++i) {
    if (i > 0) names += i + 1 == near.size() ? " or " : ", ";
    names += near[i].second;
  }
  return "; did you mean " + names + "?";
}

}  // namespace caffe
