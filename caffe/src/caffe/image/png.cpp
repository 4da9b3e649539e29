// PNG through libpng.
#include <png.h>

#include <csetjmp>
#include <cstring>
#include <vector>

#include "caffe/error.hpp"
#include "caffe/image.hpp"

namespace caffe {
namespace {

// libpng leaves by longjmp, which runs no destructors: what it can jump over lies in here.
class PngReader {
 public:
  PngReader(const void* encoded, size_t size)
      : bytes_(static_cast<const uint8_t*>(encoded)), size_(size) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning);
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      fail(Code::kOutOfMemory, "no memory for a PNG reader");
    }
    png_set_read_fn(png_, this, on_read);
    // Texts and profiles are passed over: a few kilobytes may unpack to megabytes, in each of many.
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  Image decode() {
    require(read_header(), Code::kParse, "the PNG cannot be decoded: ", message_);
    require(int64_t{height_} * width_ <= kMaxImagePixels, Code::kParse, "the PNG has ", height_,
            "x", width_, " pixels, more than the limit of ", kMaxImagePixels);
    Image image{static_cast<int>(height_), static_cast<int>(width_), nullptr, channels_};
    image.pixels.reset(new uint8_t[size_t{4} * height_ * width_]);
    for (size_t y = 0; y < height_; ++y) rows_.push_back(image.pixels.get() + 4 * y * width_);
    require(read_pixels(), Code::kParse, "the PNG cannot be decoded: ", message_);
    return image;
  }

 private:
  static PngReader* self(png_structp png) { return static_cast<PngReader*>(png_get_io_ptr(png)); }

  [[noreturn]] static void on_error(png_structp png, png_const_charp message) {
    auto* reader = static_cast<PngReader*>(png_get_error_ptr(png));
    std::strncpy(reader->message_, message, sizeof(reader->message_) - 1);
    png_longjmp(png, 1);
  }
  static void on_warning(png_structp, png_const_charp) {}
  static void on_read(png_structp png, png_bytep to, size_t count) {
    PngReader* reader = self(png);
    if (count > reader->size_ - reader->at_) png_error(png, "it is cut short");
    std::memcpy(to, reader->bytes_ + reader->at_, count);
    reader->at_ += count;
  }

  bool read_header() {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_read_info(png_, info_);
    width_ = png_get_image_width(png_, info_);
    height_ = png_get_image_height(png_, info_);
    const int type = png_get_color_type(png_, info_);
    const bool opaque =
        !(type & PNG_COLOR_MASK_ALPHA) &&
        !(type == PNG_COLOR_TYPE_PALETTE && png_get_valid(png_, info_, PNG_INFO_tRNS));
    channels_ = !opaque ? 4 : type == PNG_COLOR_TYPE_GRAY ? 1 : 3;
    // Everything becomes 8-bit RGBA.
    png_set_expand(png_);
    png_set_strip_16(png_);
    png_set_gray_to_rgb(png_);
    png_set_add_alpha(png_, 0xff, PNG_FILLER_AFTER);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    return true;
  }

  bool read_pixels() {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_read_image(png_, rows_.data());
    png_read_end(png_, nullptr);
    return true;
  }

  const uint8_t* bytes_;
  size_t size_, at_ = 0;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  png_uint_32 width_ = 0, height_ = 0;
  int channels_ = 3;
  std::vector<png_bytep> rows_;
  char message_[256] = {};
};

}  // namespace

Image decode_png(const void* encoded, size_t size) {
  require(size >= 8 && png_sig_cmp(static_cast<png_const_bytep>(encoded), 0, 8) == 0, Code::kParse,
          "not a PNG: it does not start with a PNG's signature");
  return PngReader(encoded, size).decode();
}

}  // namespace caffe
