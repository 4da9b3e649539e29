// Images on their way into a minibatch: decoding, resizing, cropping.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace caffe {

struct ImageSize {
  int height = 0;
  int width = 0;
};

// An RGB image by rows, four bytes a pixel: red, green, blue and opacity; the last one without a
// meaning unless `channels`, the number of those stored, is 4. Grey images have 1.
struct Image {
  int height = 0;
  int width = 0;
  std::unique_ptr<uint8_t[]> pixels;
  int channels = 3;
};

// An image of more pixels is refused: a header of a few bytes must not claim memory without bounds.
constexpr int64_t kMaxImagePixels = int64_t{1} << 27;

// Size of a JPEG, from its header alone. Throws kParse if it is none.
ImageSize jpeg_size(const void* encoded, size_t size);

// Decodes a JPEG: grey, colour, CMYK or YCCK (Adobe's inverted values too; no colour profiles).
// With a `target` that it will be resized to, and if that is much smaller than the image: at an
// eighth, a quarter or half of its size, but at least twice the target, which costs less.
// Throws kParse if it cannot be decoded, is cut short or corrupt, or exceeds kMaxImagePixels.
Image decode_jpeg(const void* encoded, size_t size, ImageSize target);
Image decode_jpeg(const void* encoded, size_t size);

// Decodes a PNG of any kind; 16 bits become 8, a palette its colours. Transparency is no kind of
// grey: such images have 4 channels. Throws kParse as decode_jpeg does.
Image decode_png(const void* encoded, size_t size);

// Resizes to exactly height x width with a triangle filter: linear interpolation, widened when
// an image shrinks to take in all pixels that a new one covers (Pillow's BILINEAR).
// planes: room for 3 * height * width bytes, red, green, blue, each by rows.
void resize_image(const Image& image, ImageSize size, uint8_t* planes);

// What part of items goes into a minibatch.
struct Crop {
  int channels, height, width;  // of an item
  ImageSize size;               // of the part
};

// Where the part lies in one item.
struct CropPlace {
  int32_t top, left;
  int32_t mirror;  // 0 or 1: columns in reverse order
};

// What is subtracted from an item: `image`, of its shape; or, if that is null, the value of each
// channel; if both are null, nothing.
template <typename T>
struct Means {
  const T *image, *channels;
};

// values[c][y][x] = (item[c][top + y][left + x'] - mean) * scale with x' = x, or size.width - 1 - x
// where mirrored. V: uint8_t or float, T: float or double. The part must lie inside.
template <typename V, typename T>
void fill_crop(const V* item, const Crop& crop, const CropPlace& place, const Means<T>& means,
               T scale, T* values);

// The same for many items of bytes:
// values[n][c][y][x] = (items[n][c][top + y][left + x'] - mean[c][top + y][left + x']) * scale
// places: one per item; null: the centre, not mirrored. mean: of an item's shape; null: none.
// Throws kInvalidArgument if a part is not inside.
void fill_crops(const uint8_t* items, int count, const Crop& crop, const CropPlace* places,
                const float* mean, float scale, float* values);

}  // namespace caffe
