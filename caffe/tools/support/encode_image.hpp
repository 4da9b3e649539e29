// Images as JPEG and PNG files.
#pragma once

#include <string>

#include "caffe/item.hpp"

namespace caffe::tools {

// An item of bytes with 1 or 3 channels. type: "jpg" or "jpeg" (quality 95, colours at half the
// resolution, as OpenCV writes them) or "png". Throws kInvalidArgument for other types.
std::string encode_image(const Item& item, const std::string& type);

}  // namespace caffe::tools
