#include "caffe/image_list.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>

#include "caffe/error.hpp"

namespace caffe {

std::vector<ListedImage> read_image_list(const std::string& filename) {
  std::ifstream file(filename);
  require(file.good(), Code::kIo, "'", filename, "' cannot be opened: ", std::strerror(errno));
  std::vector<ListedImage> images;
  std::string text;
  for (int line = 1; std::getline(file, text); ++line) {
    const size_t end = text.find_last_not_of(" \t\r");
    if (end == std::string::npos) continue;
    text.resize(end + 1);
    const size_t space = text.find_last_of(' ');
    ListedImage image{space == std::string::npos ? "" : text.substr(0, space), 0, line};
    const char* last = text.data() + text.size();
    const auto parsed = std::from_chars(text.data() + space + 1, last, image.label);
    require(!image.path.empty() && parsed.ec == std::errc() && parsed.ptr == last, Code::kParse,
            "'", filename, "' line ", line, ": '", text, "' is not a path and a label");
    images.push_back(std::move(image));
  }
  require(!images.empty(), Code::kBadNet, "'", filename, "' lists no images");
  return images;
}

}  // namespace caffe
