// The images of tests/resources/images, and what Pillow sees in them (make.py there).
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "caffe/image.hpp"

namespace caffe {
namespace test {

using Bytes = std::vector<uint8_t>;

inline Bytes image_file(const std::string& name) {
  std::ifstream file("tests/resources/images/" + name, std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

// Three planes of an image, without any resizing.
inline Bytes planes_of(const Image& image) {
  const size_t plane = static_cast<size_t>(image.height) * image.width;
  Bytes planes(3 * plane);
  for (size_t i = 0; i < planes.size(); ++i) planes[i] = image.pixels[4 * (i % plane) + i / plane];
  return planes;
}

inline Image image_of(const Bytes& planes, int height, int width) {
  const size_t plane = static_cast<size_t>(height) * width;
  Image image{height, width, std::make_unique<uint8_t[]>(4 * plane)};
  for (size_t i = 0; i < planes.size(); ++i) image.pixels[4 * (i % plane) + i / plane] = planes[i];
  return image;
}

// The greatest difference of two bytes at the same place.
inline int greatest_difference(const Bytes& found, const Bytes& expected) {
  EXPECT_EQ(found.size(), expected.size());
  int greatest = 0;
  for (size_t i = 0; i < std::min(found.size(), expected.size()); ++i)
    greatest = std::max(greatest, std::abs(found[i] - expected[i]));
  return greatest;
}

}  // namespace test
}  // namespace caffe
