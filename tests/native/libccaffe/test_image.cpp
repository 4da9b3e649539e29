#include <gtest/gtest.h>

#include "support/ccaffe_client.hpp"
#include "support/images.hpp"

namespace ccaffe_test {
namespace {

using caffe::test::Bytes;
using caffe::test::greatest_difference;
using caffe::test::image_file;

TEST(CImage, SizeOfAJpeg) {
  const Bytes jpeg = image_file("rgb.jpg");
  int32_t height = -1, width = -1;
  ok(ccaffe_image_size(jpeg.data(), jpeg.size(), &height, &width));
  EXPECT_EQ(height, 24);
  EXPECT_EQ(width, 32);
  expect_status(ccaffe_image_size("text", 4, &height, &width), CCAFFE_PARSE, "not a JPEG");
  EXPECT_EQ(height, 24);
  expect_status(ccaffe_image_size(nullptr, 4, &height, &width), CCAFFE_INVALID_ARGUMENT,
                "encoded is null");
  expect_status(ccaffe_image_size("text", 4, nullptr, &width), CCAFFE_INVALID_ARGUMENT,
                "height is null");
}

TEST(CImage, DecodesToPlanesOfTheSizeAskedFor) {
  const Bytes jpeg = image_file("big.jpg");
  Bytes planes(3 * 40 * 50);
  ok(ccaffe_image_decode(jpeg.data(), jpeg.size(), 40, 50, planes.data()));
  EXPECT_LE(greatest_difference(planes, image_file("big.jpg.40x50.rgb")), 4);
}

TEST(CImage, DecodingFailsWithItsReason) {
  const Bytes jpeg = image_file("rgb.jpg");
  Bytes planes(3 * 24 * 32);
  expect_status(ccaffe_image_decode(jpeg.data(), jpeg.size() - 50, 24, 32, planes.data()),
                CCAFFE_PARSE, "the JPEG cannot be decoded: Premature end of JPEG file");
  expect_status(ccaffe_image_decode(jpeg.data(), jpeg.size(), 0, 32, planes.data()),
                CCAFFE_INVALID_ARGUMENT, "an image of 0x32 has no pixels");
  expect_status(ccaffe_image_decode(jpeg.data(), jpeg.size(), 24, -1, planes.data()),
                CCAFFE_INVALID_ARGUMENT, "an image of 24x-1");
  expect_status(ccaffe_image_decode(jpeg.data(), jpeg.size(), 24, 32, nullptr),
                CCAFFE_INVALID_ARGUMENT, "planes is null");
}

TEST(CImage, FillsAMinibatch) {
  const uint8_t items[] = {1, 2, 3, 4, 5, 6, 7, 8};
  const int32_t shape[] = {1, 2, 2}, crop[] = {1, 2};
  const int32_t places[] = {1, 0, 0, 0, 0, 1};
  const float mean[] = {1, 1, 2, 2};
  float values[4];
  ok(ccaffe_image_fill(items, 2, shape, crop, places, mean, 2, values));
  EXPECT_EQ(std::vector<float>(values, values + 4), std::vector<float>({2, 4, 10, 8}));
  ok(ccaffe_image_fill(items, 2, shape, crop, nullptr, nullptr, 1, values));
  EXPECT_EQ(std::vector<float>(values, values + 4), std::vector<float>({1, 2, 5, 6}));
  const int32_t outside[] = {0, 0, 0, 2, 0, 0};
  expect_status(ccaffe_image_fill(items, 2, shape, crop, outside, nullptr, 1, values),
                CCAFFE_INVALID_ARGUMENT, "item 1: a crop of 1x2 at row 2");
  expect_status(ccaffe_image_fill(items, -1, shape, crop, places, nullptr, 1, values),
                CCAFFE_INVALID_ARGUMENT, "-1 items");
  expect_status(ccaffe_image_fill(nullptr, 2, shape, crop, places, nullptr, 1, values),
                CCAFFE_INVALID_ARGUMENT, "items is null");
}

}  // namespace
}  // namespace ccaffe_test
