#include <sys/resource.h>
#include <zlib.h>

#include "caffe/image.hpp"
#include "support/data_files.hpp"
#include "support/expect_error.hpp"
#include "support/images.hpp"
#include "support/png_bytes.hpp"

namespace caffe {
namespace test {
namespace {

Image decode(const std::string& bytes) { return decode_png(bytes.data(), bytes.size()); }

Bytes pixels_of(const Image& image) {
  return Bytes(image.pixels.get(), image.pixels.get() + size_t{4} * image.height * image.width);
}

TEST(Png, Kinds) {
  const Image grey = decode(png(1, 1, 2, {7, 200}));
  EXPECT_EQ(grey.channels, 1);
  EXPECT_EQ(pixels_of(grey), (Bytes{7, 7, 7, 255, 200, 200, 200, 255}));
  const Image colour = decode(png(3, 2, 1, {1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(colour.channels, 3);
  EXPECT_EQ(colour.height, 2);
  EXPECT_EQ(colour.width, 1);
  EXPECT_EQ(pixels_of(colour), (Bytes{1, 2, 3, 255, 4, 5, 6, 255}));
  // Colours stay as they are stored, however transparent.
  const Image clear = decode(png(4, 1, 2, {1, 2, 3, 4, 5, 6, 7, 0}));
  EXPECT_EQ(clear.channels, 4);
  EXPECT_EQ(pixels_of(clear), (Bytes{1, 2, 3, 4, 5, 6, 7, 0}));
}

TEST(Png, AllDepthsAndOrders) {
  for (const int depth : {1, 8, 16}) {
    const Image rows = decode(png_bytes(5, 3, depth, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE));
    const Image passes = decode(png_bytes(5, 3, depth, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_ADAM7));
    EXPECT_EQ(rows.channels, 1);
    EXPECT_EQ(pixels_of(rows), pixels_of(passes));
  }
  const Image grey = decode(png_bytes(5, 3, 8, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_ADAM7));
  EXPECT_EQ(grey.pixels[4 * (2 * grey.width + 1)], 2 * 11 + 37);
  const Image palette = decode(png_bytes(1, 2, 8, PNG_COLOR_TYPE_PALETTE, PNG_INTERLACE_NONE));
  EXPECT_EQ(pixels_of(palette), (Bytes{1, 2, 3, 0, 250, 128, 0, 200}));
}

size_t most_memory() {
  struct rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<size_t>(usage.ru_maxrss) << 10;
}

// 60 texts of 7 MB each in half a megabyte.
TEST(Png, TextsAreNotUnpacked) {
  const Bytes text(7000000, 'x');
  Bytes packed(compressBound(text.size()));
  uLongf size = packed.size();
  ASSERT_EQ(compress(packed.data(), &size, text.data(), text.size()), Z_OK);
  std::string chunk("zTXtkey\0\0", 9);
  chunk.append(packed.begin(), packed.begin() + static_cast<ptrdiff_t>(size));
  const auto number = [](size_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
    return bytes;
  };
  const auto* named = reinterpret_cast<const Bytef*>(chunk.data());
  chunk =
      number(chunk.size() - 4) + chunk + number(crc32(0, named, static_cast<uInt>(chunk.size())));
  std::string file = png(1, 1, 2, {7, 200});
  constexpr size_t kBehindHeader = 33;
  for (int i = 0; i < 60; ++i) file.insert(kBehindHeader, chunk);
  const size_t before = most_memory();
  EXPECT_EQ(pixels_of(decode(file)), (Bytes{7, 7, 7, 255, 200, 200, 200, 255}));
  EXPECT_LT(most_memory() - before, size_t{100} << 20);
}

TEST(Png, AnyCutIsRefused) {
  const std::string whole = png(3, 5, 4, Bytes(60, 9));
  for (size_t size = 0; size < whole.size(); ++size) {
    expect_error(Code::kParse, "PNG", [&] { decode(whole.substr(0, size)); });
  }
}

TEST(Png, DamageIsRefused) {
  const std::string whole = png(3, 5, 4, Bytes(60, 9));
  for (size_t at = 16; at < whole.size() - 12; ++at) {
    std::string damaged = whole;
    damaged[at] ^= 0x55;
    try {
      EXPECT_EQ(pixels_of(decode(damaged)), pixels_of(decode(whole))) << at;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kParse) << e.what();
    }
  }
}

TEST(Png, ClaimsWithoutBoundsAreRefused) {
  std::string bytes = png(1, 1, 1, {0});
  const auto put = [&](size_t at, uint32_t value) {
    for (int i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(value >> (24 - 8 * i));
  };
  put(16, 60000);
  put(20, 60000);
  put(29, static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(&bytes[12]), 17)));
  expect_error(Code::kParse, "the PNG has 60000x60000 pixels, more than the limit",
               [&] { decode(bytes); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
