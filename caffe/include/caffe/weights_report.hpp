// What loading weights took from a file.
#pragma once

#include <string>
#include <vector>

namespace caffe {

// Layers with parameters, by name.
struct WeightsReport {
  std::string file;
  int taken = 0, wanted = 0;  // layers of the net
  std::vector<std::string> not_in_file, not_in_net;

  // "w.caffemodel: took 14 of 16 layers; not in the file: fc8; not in the net: fc9".
  std::string text() const;
};

// What a file must have for a net.
enum class Match {
  kAny,   // nothing
  kSome,  // one of its layers with parameters, as for a start from other weights
  kAll,   // all of them, as to go on with a training
};

// Throws kShape, saying what is missing.
void check_match(const WeightsReport& report, Match match, const std::string& net);

}  // namespace caffe
