// Items of a data set on their way into a blob.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "caffe/proto/caffe.pb.h"

namespace caffe {

// channels x height x width values, row-major: bytes (0..255), or floats if there are no bytes.
// The channels of a colour image are blue, green, red, as in all of Caffe.
struct Item {
  int channels = 0, height = 0, width = 0;
  std::string bytes;
  std::vector<float> floats;

  size_t count() const { return size_t{1} * channels * height * width; }
};

// Channels of a decoded image: those stored (1, 3, or 4 with opacity last), three, or one with
// 0.299 red + 0.587 green + 0.114 blue.
enum class ColorMode { kAsStored, kColor, kGray };

// Decodes a JPEG or PNG. Throws kParse.
Item decode_item(const void* encoded, size_t size, ColorMode mode);
// As above, of a file. Throws kIo or kParse; messages name the file.
Item read_image_file(const std::string& filename, ColorMode mode);
// The content of a datum, decoded if it is `encoded`. Throws kParse if its values are not as many
// as its extents say.
Item to_item(Datum&& datum, ColorMode mode);

// The part of an item of bytes that starts at (top, left); must lie inside.
Item crop_item(const Item& item, int top, int left, int height, int width);
// Linear interpolation between the four nearest pixels, in fixed point, as OpenCV's INTER_LINEAR:
// when an image shrinks, pixels between them have no part. Bytes only.
Item resize_item(const Item& item, int height, int width);

}  // namespace caffe
