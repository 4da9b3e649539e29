#include "caffe/item.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "caffe/error.hpp"
#include "caffe/image.hpp"

namespace caffe {
namespace {

constexpr int64_t kMaxImageFile = int64_t{1} << 30;

bool starts_with(const void* encoded, size_t size, const char* start) {
  const size_t length = std::strlen(start);
  return size >= length && std::memcmp(encoded, start, length) == 0;
}

Image decode(const void* encoded, size_t size) {
  if (starts_with(encoded, size, "\xff\xd8")) return decode_jpeg(encoded, size);
  if (starts_with(encoded, size, "\x89PNG")) return decode_png(encoded, size);
  fail(Code::kParse, "neither a JPEG nor a PNG");
}

// Rounded to nearest, in 14 bits.
uint8_t gray_of(const uint8_t* rgb) {
  return static_cast<uint8_t>((rgb[0] * 4899 + rgb[1] * 9617 + rgb[2] * 1868 + (1 << 13)) >> 14);
}

}  // namespace

Item decode_item(const void* encoded, size_t size, ColorMode mode) {
  const Image image = decode(encoded, size);
  const int channels = mode == ColorMode::kAsStored ? image.channels
                       : mode == ColorMode::kColor  ? 3
                                                    : 1;
  Item item{channels, image.height, image.width, {}, {}};
  item.bytes.resize(item.count());
  auto* to = reinterpret_cast<uint8_t*>(&item.bytes[0]);
  const uint8_t* from = image.pixels.get();
  const size_t plane = size_t{1} * image.height * image.width;
  for (size_t i = 0; i < plane; ++i, from += 4) {
    if (channels == 1) {
      to[i] = image.channels == 1 ? from[0] : gray_of(from);
      continue;
    }
    for (int c = 0; c < 3; ++c) to[c * plane + i] = from[2 - c];
    if (channels == 4) to[3 * plane + i] = from[3];
  }
  return item;
}

Item read_image_file(const std::string& filename, ColorMode mode) {
  errno = 0;
  std::ifstream file(filename, std::ios::binary | std::ios::ate);
  const int64_t size = file.good() ? static_cast<int64_t>(file.tellg()) : -1;
  require(size >= 0, Code::kIo, "'", filename, "' cannot be opened: ", std::strerror(errno));
  require(size <= kMaxImageFile, Code::kParse, "'", filename, "' has ", size,
          " bytes, more than an image may have: ", kMaxImageFile);
  std::string content(static_cast<size_t>(size), '\0');
  file.seekg(0);
  file.read(&content[0], size);
  require(file.good(), Code::kIo, "'", filename, "' cannot be read");
  Item item;
  locate_errors([&] { return cat("'", filename, "'"); },
                [&] { item = decode_item(content.data(), content.size(), mode); });
  return item;
}

Item to_item(Datum&& datum, ColorMode mode) {
  if (datum.encoded()) return decode_item(datum.data().data(), datum.data().size(), mode);
  Item item{datum.channels(), datum.height(), datum.width(), {}, {}};
  require(item.channels > 0 && item.height > 0 && item.width > 0, Code::kParse,
          "the datum's extents are not positive: ", item.channels, " x ", item.height, " x ",
          item.width);
  const bool bytes = !datum.data().empty();
  const size_t given = bytes ? datum.data().size() : datum.float_data_size();
  // Not item.count(), which may be more than 64 bits can hold.
  const size_t row = size_t{1} * item.height * item.width;
  require(given % row == 0 && given / row == static_cast<size_t>(item.channels), Code::kParse,
          "the datum has ", given, bytes ? " bytes" : " values", " for ", item.channels, " x ",
          item.height, " x ", item.width);
  if (bytes) {
    item.bytes = std::move(*datum.mutable_data());
  } else {
    item.floats.assign(datum.float_data().begin(), datum.float_data().end());
  }
  return item;
}

Item crop_item(const Item& item, int top, int left, int height, int width) {
  require(top >= 0 && left >= 0 && height > 0 && width > 0 && top <= item.height - height &&
              left <= item.width - width,
          Code::kInvalidArgument, "rows ", top, " to ", top + height - 1, ", columns ", left,
          " to ", left + width - 1, " are not inside an image of ", item.height, "x", item.width);
  Item part{item.channels, height, width, {}, {}};
  for (int c = 0; c < item.channels; ++c) {
    for (int y = 0; y < height; ++y) {
      const size_t row = size_t{1} * c * item.height + top + y;
      part.bytes.append(item.bytes, row * item.width + left, width);
    }
  }
  return part;
}

}  // namespace caffe
