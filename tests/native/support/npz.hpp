// Arrays from NumPy's .npz files.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "caffe/blob.hpp"

namespace caffe {
namespace test {

struct NpyArray {
  Shape shape;
  std::vector<float> values;
};

// The float32 arrays of a .npz (a zip of .npy files, stored or deflated), by name without
// ".npy". Throws kIo or kParse.
std::map<std::string, NpyArray> read_npz(const std::string& filename);

}  // namespace test
}  // namespace caffe
