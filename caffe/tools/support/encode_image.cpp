#include "support/encode_image.hpp"

#include <png.h>
#include <turbojpeg.h>

#include <memory>

#include "caffe/error.hpp"

namespace caffe::tools {
namespace {

constexpr int kJpegQuality = 95;

// Row by row, channels of a pixel side by side.
std::vector<uint8_t> interleaved(const Item& item) {
  const size_t plane = size_t{1} * item.height * item.width;
  std::vector<uint8_t> pixels(item.count());
  for (size_t i = 0; i < plane; ++i) {
    for (int c = 0; c < item.channels; ++c) {
      pixels[i * item.channels + c] = static_cast<uint8_t>(item.bytes[c * plane + i]);
    }
  }
  return pixels;
}

struct FreeJpeg {
  void operator()(unsigned char* bytes) const { tjFree(bytes); }
};
struct Destroy {
  void operator()(void* handle) const { tjDestroy(handle); }
};

std::string encode_jpeg(const Item& item) {
  const std::unique_ptr<void, Destroy> compressor(tjInitCompress());
  require(compressor != nullptr, Code::kOutOfMemory, "no memory for a JPEG compressor");
  const bool gray = item.channels == 1;
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  const int status = tjCompress2(compressor.get(), interleaved(item).data(), item.width, 0,
                                 item.height, gray ? TJPF_GRAY : TJPF_BGR, &bytes, &size,
                                 gray ? TJSAMP_GRAY : TJSAMP_420, kJpegQuality, 0);
  const std::unique_ptr<unsigned char, FreeJpeg> owner(bytes);
  require(status == 0, Code::kInternal, "a JPEG of ", item.height, "x", item.width,
          " cannot be made: ", tjGetErrorStr2(compressor.get()));
  return std::string(reinterpret_cast<const char*>(bytes), size);
}

std::string encode_png(const Item& item) {
  const std::vector<uint8_t> pixels = interleaved(item);
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(item.width);
  image.height = static_cast<png_uint_32>(item.height);
  image.format = item.channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_BGR;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string encoded(size, '\0');
  const int made =
      png_image_write_to_memory(&image, &encoded[0], &size, 0, pixels.data(), 0, nullptr);
  require(made != 0, Code::kInternal, "a PNG of ", item.height, "x", item.width,
          " cannot be made: ", image.message);
  encoded.resize(size);
  return encoded;
}

}  // namespace

std::string encode_image(const Item& item, const std::string& type) {
  if (type == "png") return encode_png(item);
  require(type == "jpg" || type == "jpeg", Code::kInvalidArgument,
          "images are encoded as jpg or png, not '", type, "'");
  return encode_jpeg(item);
}

}  // namespace caffe::tools
