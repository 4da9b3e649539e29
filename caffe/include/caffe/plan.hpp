// How a net runs, for people to read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace caffe {

// What a step makes: one value of a blob.
struct PlannedTop {
  std::string blob;
  std::vector<int64_t> shape;
  std::string format;  // of the values in memory: "plain", "blocks of 16 channels", ...
  int64_t bytes = 0;   // of data and diff, in all the formats that they are held in now
  int data = 0;        // values of one number have the same memory
};

// Layers that run as one.
struct PlannedStep {
  std::vector<std::string> layers;
  std::vector<std::string> types;
  std::string back_end;  // of the op that does the work; empty: loops of the layer's own
  std::vector<PlannedTop> tops;
};

struct Plan {
  std::vector<PlannedStep> steps;
  int64_t bytes = 0;        // of values and gradients; memory that several share counts once
  int64_t param_bytes = 0;  // of parameters and their gradients
  int64_t conversions = 0;  // between formats, since the net was made
  int fallbacks = 0;        // steps whose op the fast back ends have refused
};

// A table for a terminal.
std::string to_text(const Plan& plan);
// For programs: lines of fields between tabs. "step", back end, then name and type of each layer;
// after it for each top "top", blob, format, bytes, memory, extents; at the end "net", bytes,
// param_bytes, conversions, fallbacks.
std::string to_lines(const Plan& plan);

}  // namespace caffe
