// A directory that vanishes with its content.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "caffe/error.hpp"

namespace caffe {
namespace test {

class TempDir {
 public:
  TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sparknet-XXXXXX").string();
    require(::mkdtemp(pattern.data()) != nullptr, Code::kIo, "no temporary directory");
    path_ = pattern;
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }
  int count_files() const {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      count += entry.exists();
    }
    return count;
  }

 private:
  std::string path_;
};

inline void write_file(const std::string& filename, const std::string& content) {
  std::ofstream(filename, std::ios::binary) << content;
}

inline std::string read_file(const std::string& filename) {
  std::ifstream in(filename, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace test
}  // namespace caffe
