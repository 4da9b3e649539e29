#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "caffe/image.hpp"
#include "support/expect_error.hpp"
#include "support/images.hpp"

namespace caffe {
namespace test {
namespace {

// Where the bytes of `part` start in a file.
size_t find(const Bytes& bytes, const Bytes& part) {
  const auto at = std::search(bytes.begin(), bytes.end(), part.begin(), part.end());
  EXPECT_NE(at, bytes.end());
  return static_cast<size_t>(at - bytes.begin());
}

Image decode(const Bytes& bytes) { return decode_jpeg(bytes.data(), bytes.size()); }

void expect_refused(const Bytes& bytes, const std::string& part) {
  expect_error(Code::kParse, part, [&] { decode(bytes); });
}

class JpegOfPillow : public testing::TestWithParam<const char*> {};

// Pillow decodes with libjpeg-turbo as well, and its CMYK arithmetic is exact.
TEST_P(JpegOfPillow, HasItsPixels) {
  const std::string name = GetParam();
  const Image image = decode(image_file(name));
  EXPECT_EQ(image.height, 24);
  EXPECT_EQ(image.width, 32);
  EXPECT_LE(greatest_difference(planes_of(image), image_file(name + ".rgb")), 1);
}

INSTANTIATE_TEST_SUITE_P(Kinds, JpegOfPillow,
                         testing::Values("rgb.jpg", "grey.jpg", "progressive.jpg", "cmyk.jpg",
                                         "ycck.jpg", "ink.jpg"));

TEST(Jpeg, SizeComesFromTheHeader) {
  Bytes bytes = image_file("big.jpg");
  bytes.resize(bytes.size() / 2);
  const ImageSize size = jpeg_size(bytes.data(), bytes.size());
  EXPECT_EQ(size.height, 168);
  EXPECT_EQ(size.width, 224);
}

TEST(Jpeg, WithoutPixelsItHasNoSize) {
  const Bytes whole = image_file("rgb.jpg");
  for (size_t size = 0; size <= find(whole, {0xff, 0xc0}); ++size)
    expect_error(Code::kParse, "JPEG", [&] { jpeg_size(whole.data(), size); });
}

TEST(Jpeg, IsDecodedSmallerOnTheWayToAMuchSmallerSize) {
  const Bytes bytes = image_file("big.jpg");
  const auto size = [&](ImageSize target) {
    const Image image = decode_jpeg(bytes.data(), bytes.size(), target);
    return std::pair<int, int>(image.height, image.width);
  };
  EXPECT_EQ(size({10, 14}), std::make_pair(21, 28));
  EXPECT_EQ(size({11, 14}), std::make_pair(42, 56));
  EXPECT_EQ(size({40, 50}), std::make_pair(84, 112));
  EXPECT_EQ(size({40, 57}), std::make_pair(168, 224));
  EXPECT_EQ(size({500, 4}), std::make_pair(168, 224));
}

// Halved by its frequencies and then by the filter, not by the filter alone: equal but for
// what lies between. The images hold waves of 30 pixels and more.
TEST(Jpeg, DecodedSmallerItStillLooksAsPillowResizesIt) {
  const Bytes bytes = image_file("big.jpg");
  Bytes planes(3 * 40 * 50);
  resize_image(decode_jpeg(bytes.data(), bytes.size(), {40, 50}), {40, 50}, planes.data());
  EXPECT_LE(greatest_difference(planes, image_file("big.jpg.40x50.rgb")), 4);
}

TEST(Jpeg, OtherFilesAreRefused) {
  expect_refused({}, "not a JPEG: it is empty");
  expect_refused({'t', 'e', 'x', 't'}, "not a JPEG: it does not start with");
  expect_refused(image_file("rgb.png"), "not a JPEG");
  expect_refused({0xff, 0xd8}, "JPEG");
  expect_refused({0xff, 0xd8, 0xff, 0xd9}, "the JPEG cannot be decoded");
}

TEST(Jpeg, AnyCutIsRefused) {
  for (const char* name : {"rgb.jpg", "progressive.jpg", "cmyk.jpg"}) {
    const Bytes whole = image_file(name);
    for (size_t size = 0; size < whole.size(); ++size)
      expect_refused(Bytes(whole.begin(), whole.begin() + size), "JPEG");
  }
}

TEST(Jpeg, ABrokenOneDoesNotDisturbTheNext) {
  const Bytes whole = image_file("rgb.jpg"), expected = image_file("rgb.jpg.rgb");
  for (size_t size = 0; size < whole.size(); size += 7) {
    expect_refused(Bytes(whole.begin(), whole.begin() + size), "JPEG");
    EXPECT_EQ(planes_of(decode(whole)), expected);
  }
}

TEST(Jpeg, DamagedPixelsAreRefused) {
  Bytes bytes = image_file("rgb.jpg");
  const size_t pixels = find(bytes, {0xff, 0xda}) + 14;
  for (size_t at = pixels + 40; at < pixels + 80; at += 2) {
    bytes[at] = 0xff;  // sixteen ones are no code
    bytes[at + 1] = 0;
  }
  expect_refused(bytes, "Corrupt JPEG data");
}

TEST(Jpeg, ClaimsWithoutBoundsAreRefused) {
  Bytes bytes = image_file("rgb.jpg");
  const size_t frame = find(bytes, {0xff, 0xc0});
  std::fill(bytes.begin() + frame + 5, bytes.begin() + frame + 9, 0xf0);
  expect_refused(bytes, "the JPEG has 61680x61680 pixels, more than the limit of 134217728");
}

// Odd bytes in headers that cameras are known to write.
TEST(Jpeg, HarmlessOddityIsTolerated) {
  const Bytes whole = image_file("rgb.jpg"), expected = image_file("rgb.jpg.rgb");
  Bytes revision = whole;
  revision[find(whole, {'J', 'F', 'I', 'F', 0}) + 5] = 9;
  EXPECT_EQ(planes_of(decode(revision)), expected);
  Bytes scan = whole;
  scan[find(whole, {0xff, 0xda}) + 12] = 0;  // the last coefficient, which is always 63
  EXPECT_EQ(planes_of(decode(scan)), expected);
  for (Bytes odd : {revision, scan}) {
    odd.resize(odd.size() - 100);
    expect_refused(odd, "it is cut short");
  }
}

TEST(Jpeg, ThreadsDecodeSideBySide) {
  const Bytes bytes = image_file("rgb.jpg"), expected = image_file("rgb.jpg.rgb");
  std::vector<int> equal(4);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < equal.size(); ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) equal[t] += planes_of(decode(bytes)) == expected;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(equal, std::vector<int>(equal.size(), 20));
}

}  // namespace
}  // namespace test
}  // namespace caffe
