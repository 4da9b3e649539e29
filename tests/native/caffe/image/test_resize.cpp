#include <gtest/gtest.h>

#include "caffe/image.hpp"
#include "support/expect_error.hpp"
#include "support/images.hpp"

namespace caffe {
namespace test {
namespace {

Bytes resized(const Image& image, int height, int width) {
  Bytes planes(size_t{3} * height * width);
  resize_image(image, {height, width}, planes.data());
  return planes;
}

// Pillow rounds between its two passes and we do not: half a step there, half at the end.
TEST(Resize, AsPillowsBilinear) {
  const Image image = image_of(image_file("rgb.png.rgb"), 24, 32);
  EXPECT_LE(greatest_difference(resized(image, 10, 13), image_file("rgb.png.10x13.rgb")), 1);
  EXPECT_LE(greatest_difference(resized(image, 40, 50), image_file("rgb.png.40x50.rgb")), 1);
}

TEST(Resize, TheSameSizeChangesNothing) {
  const Bytes planes = image_file("rgb.png.rgb");
  EXPECT_EQ(resized(image_of(planes, 24, 32), 24, 32), planes);
}

// Each axis alone, by hand: the halves' triangles reach over both neighbours, weights 1 3 3 1.
TEST(Resize, WeightsOfAHalf) {
  const Bytes ramp = {0, 8, 80, 240};  // edges: 3 3 1 and 1 3 3 of sevenths
  const Bytes expected = {(0 * 3 + 8 * 3 + 80 * 1 + 3) / 7, (8 * 1 + 80 * 3 + 240 * 3 + 3) / 7};
  Bytes planes, halves;
  for (int c = 0; c < 3; ++c) {
    planes.insert(planes.end(), ramp.begin(), ramp.end());
    halves.insert(halves.end(), expected.begin(), expected.end());
  }
  EXPECT_EQ(resized(image_of(planes, 1, 4), 1, 2), halves);
  EXPECT_EQ(resized(image_of(planes, 4, 1), 2, 1), halves);
}

TEST(Resize, ExtremeShapes) {
  EXPECT_EQ(resized(image_of({1, 2, 3}, 1, 1), 2, 3),
            Bytes({1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3}));
  EXPECT_EQ(resized(image_of(Bytes(3 * 700 * 3, 255), 700, 3), 1, 1), Bytes({255, 255, 255}));
}

TEST(Resize, NoPixelsAreRefused) {
  const Image image = image_of({1, 2, 3}, 1, 1);
  uint8_t planes[3];
  expect_error(Code::kInvalidArgument, "an image of 0x4",
               [&] { resize_image(image, {0, 4}, planes); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
