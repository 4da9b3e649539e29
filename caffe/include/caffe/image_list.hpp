// Text files that list images and their labels.
#pragma once

#include <string>
#include <vector>

namespace caffe {

struct ListedImage {
  std::string path;
  int label = 0;
  int line = 0;  // in the list, from 1
};

// Lines "path label": the path may hold spaces; empty lines are passed over. Throws kIo if the
// file cannot be opened, kParse for a line that is not like this, kBadNet if it lists no images.
std::vector<ListedImage> read_image_list(const std::string& filename);

}  // namespace caffe
