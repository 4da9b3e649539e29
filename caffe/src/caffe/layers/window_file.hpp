// The text file of a WindowData layer.
#pragma once

#include <string>
#include <vector>

#include "caffe/proto/caffe.pb.h"

namespace caffe {

// A window of an image, both corners inclusive, and its label: 0 is background.
struct Window {
  size_t image = 0;
  int label = 0;
  int x1 = 0, y1 = 0, x2 = 0, y2 = 0;
};

struct WindowFile {
  std::vector<std::string> paths;
  int channels = 0;                // of all images
  std::vector<Window> windows[2];  // background, foreground
};

// Blocks of "# index", path, channels, height, width, number of windows, then so many times
// "label overlap x1 y1 x2 y2". An overlap of at least fg_threshold makes foreground, one below
// bg_threshold background, others are left out. Throws kIo or kParse; messages name file and
// image.
WindowFile read_window_file(const WindowDataParameter& param);

}  // namespace caffe
