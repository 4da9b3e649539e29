#include <zlib.h>

#include "caffe/image.hpp"
#include "support/data_files.hpp"
#include "support/expect_error.hpp"
#include "support/images.hpp"

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
