// JPEG through TurboJPEG.
#include <turbojpeg.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <string>

#include "caffe/error.hpp"
#include "caffe/image.hpp"

namespace caffe {
namespace {

struct Jpeg {
  const unsigned char* bytes;
  unsigned long size;
};

struct Destroy {
  void operator()(void* handle) const { tjDestroy(handle); }
};

// Making a decompressor costs as much as decoding a small image: each thread keeps one.
thread_local std::unique_ptr<void, Destroy> kept;

tjhandle decompressor() {
  if (kept == nullptr) kept.reset(tjInitDecompress());
  require(kept != nullptr, Code::kOutOfMemory, "no memory for a JPEG decompressor");
  return kept.get();
}

[[noreturn]] void fail_to_decode(const std::string& why) {
  // After some errors it would go on with the next image where this one broke off.
  kept.reset();
  fail(Code::kParse, "the JPEG cannot be decoded: ", why);
}

std::string last_error() { return tjGetErrorStr2(decompressor()); }

struct Header {
  ImageSize size;
  int colorspace = -1;
};

Header read_header(const Jpeg& jpeg) {
  require(jpeg.size > 0, Code::kParse, "not a JPEG: it is empty");
  require(jpeg.size > 2 && jpeg.bytes[0] == 0xff && jpeg.bytes[1] == 0xd8, Code::kParse,
          "not a JPEG: it does not start with the bytes FF D8");
  Header header;
  int subsampling = 0;
  const int status = tjDecompressHeader3(decompressor(), jpeg.bytes, jpeg.size, &header.size.width,
                                         &header.size.height, &subsampling, &header.colorspace);
  // Warnings and uncommon subsampling are failures too, but leave a header that can be used. A
  // file with tables alone is a success.
  const bool usable = header.size.width > 0 && header.size.height > 0 && header.colorspace >= 0;
  if (!usable) fail_to_decode(status != 0 ? last_error() : "it holds no image");
  return header;
}

// What TurboJPEG does not tell of the segments before the pixels.
struct Segments {
  bool adobe = false;  // CMYK is held as paper left white, not as ink
  size_t scan = 0;     // where the pixels start
};

Segments read_segments(const Jpeg& jpeg) {
  Segments segments;
  size_t at = 2;
  while (at + 4 <= jpeg.size && jpeg.bytes[at] == 0xff && jpeg.bytes[at + 1] != 0xda) {
    const unsigned char* segment = jpeg.bytes + at;
    if (segment[1] == 0xff) {  // padding
      ++at;
      continue;
    }
    const size_t length = segment[2] * 256u + segment[3];
    if (segment[1] == 0xee && length >= 14 && at + 2 + length <= jpeg.size)
      segments.adobe |= std::memcmp(segment + 4, "Adobe", 5) == 0;
    at += 2 + length;
  }
  segments.scan = std::min<size_t>(at, jpeg.size);
  return segments;
}

bool has_end(const Jpeg& jpeg) {
  constexpr unsigned char kEnd[] = {0xff, 0xd9};
  const unsigned char* end = jpeg.bytes + jpeg.size;
  return std::find_end(jpeg.bytes + read_segments(jpeg).scan, end, kEnd, kEnd + 2) != end;
}

// Warnings about headers that cameras write and every decoder puts up with.
bool is_harmless(const std::string& warning) {
  for (const char* part : {"JFIF revision", "Invalid SOS parameters", "Adobe color transform"})
    if (warning.find(part) != std::string::npos) return true;
  return false;
}

// Scaled decoding cuts high frequencies off sharply, which is not seen after a filter that halves
// the size once more. TurboJPEG's other factors are slower than decoding at full size.
ImageSize scaled_size(ImageSize full, ImageSize target) {
  for (int divisor = 8; divisor > 1; divisor /= 2) {
    const tjscalingfactor factor{1, divisor};
    const ImageSize size{TJSCALED(full.height, factor), TJSCALED(full.width, factor)};
    if (size.height / 2 >= target.height && size.width / 2 >= target.width) return size;
  }
  return full;
}

// To RGB, in place: each of cyan, magenta and yellow darkened by black.
void cmyk_to_rgb(const Image& image, bool inverted) {
  const int flip = inverted ? 0 : 255;
  const size_t count = size_t{4} * image.height * image.width;
  for (size_t i = 0; i < count; i += 4) {
    uint8_t* pixel = image.pixels.get() + i;
    const int light = pixel[3] ^ flip;
    for (int c = 0; c < 3; ++c)
      pixel[c] = static_cast<uint8_t>(((pixel[c] ^ flip) * light + 127) / 255);
  }
}

void decompress(const Jpeg& jpeg, const Image& image, int format) {
  const auto run = [&](int flags) {
    return tjDecompress2(decompressor(), jpeg.bytes, jpeg.size, image.pixels.get(), image.width, 0,
                         image.height, format, flags | TJFLAG_LIMITSCANS);
  };
  // Libjpeg paints grey what is missing and warns: such an image is not what was stored.
  if (run(TJFLAG_STOPONWARNING) == 0) return;
  const std::string first = last_error();
  if (tjGetErrorCode(decompressor()) != TJERR_WARNING || !is_harmless(first)) fail_to_decode(first);
  // Only the first warning has a text, so that of an early end has to be looked for.
  if (run(0) != 0 && tjGetErrorCode(decompressor()) != TJERR_WARNING) fail_to_decode(last_error());
  if (!has_end(jpeg)) fail_to_decode("it is cut short");
}

}  // namespace

ImageSize jpeg_size(const void* encoded, size_t size) {
  return read_header({static_cast<const unsigned char*>(encoded), size}).size;
}

Image decode_jpeg(const void* encoded, size_t size, ImageSize target) {
  const Jpeg jpeg{static_cast<const unsigned char*>(encoded), size};
  const Header header = read_header(jpeg);
  require(int64_t{header.size.height} * header.size.width <= kMaxImagePixels, Code::kParse,
          "the JPEG has ", header.size.height, "x", header.size.width,
          " pixels, more than the limit of ", kMaxImagePixels);
  const ImageSize scaled = scaled_size(header.size, target);
  Image image{scaled.height, scaled.width, nullptr};
  // Not make_unique, which would write zeros first.
  image.pixels.reset(new uint8_t[size_t{4} * scaled.height * scaled.width]);
  const bool cmyk = header.colorspace == TJCS_CMYK || header.colorspace == TJCS_YCCK;
  decompress(jpeg, image, cmyk ? TJPF_CMYK : TJPF_RGBX);
  if (cmyk) cmyk_to_rgb(image, read_segments(jpeg).adobe);
  if (header.colorspace == TJCS_GRAY) image.channels = 1;
  return image;
}

Image decode_jpeg(const void* encoded, size_t size) {
  return decode_jpeg(encoded, size, {INT_MAX, INT_MAX});
}

}  // namespace caffe
