// PNGs of every kind that libpng writes.
#pragma once

#include <png.h>

#include <string>
#include <vector>

#include "caffe/error.hpp"

namespace caffe {
namespace test {

// depth: bits of a value; colour: PNG_COLOR_TYPE_...; interlace: PNG_INTERLACE_... Values are some
// of all that there can be.
inline std::string png_bytes(int height, int width, int depth, int colour, int interlace) {
  std::string bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  const auto append = [](png_structp writer, png_bytep from, size_t count) {
    static_cast<std::string*>(png_get_io_ptr(writer))
        ->append(reinterpret_cast<const char*>(from), count);
  };
  png_set_write_fn(png, &bytes, append, nullptr);
  png_set_IHDR(png, info, width, height, depth, colour, interlace, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  const png_color colours[] = {{1, 2, 3}, {250, 128, 0}};
  if (colour == PNG_COLOR_TYPE_PALETTE) {
    const png_byte opacities[] = {0, 200};
    png_set_PLTE(png, info, colours, 2);
    png_set_tRNS(png, info, opacities, 2, nullptr);
  }
  png_write_info(png, info);
  std::vector<std::vector<png_byte>> rows;
  std::vector<png_bytep> places;
  for (int y = 0; y < height; ++y) {
    rows.emplace_back(png_get_rowbytes(png, info));
    for (size_t x = 0; x < rows[y].size(); ++x) {
      const bool index = colour == PNG_COLOR_TYPE_PALETTE && depth == 8;
      rows[y][x] = static_cast<png_byte>(index ? x % 2 : 37 * x + 11 * y);
    }
  }
  for (auto& row : rows) places.push_back(row.data());
  png_write_image(png, places.data());
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  require(!bytes.empty(), Code::kInternal, "no PNG was written");
  return bytes;
}

}  // namespace test
}  // namespace caffe
