// The folder with reference values, which is not part of the repository.
#pragma once

#include <cstdlib>
#include <fstream>
#include <string>

namespace caffe {
namespace test {

// $SPARKNET_SHARED, or ../shared beside the repository.
inline std::string shared_path(const std::string& relative) {
  const char* root = std::getenv("SPARKNET_SHARED");
  return (root && *root ? std::string(root) : "../shared") + "/" + relative;
}

inline bool readable(const std::string& filename) { return std::ifstream(filename).good(); }

}  // namespace test
}  // namespace caffe
