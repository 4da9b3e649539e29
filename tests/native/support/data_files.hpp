// Databases and images for tests of data layers.
#pragma once

#include <gtest/gtest.h>
#include <png.h>

#include <string>
#include <vector>

#include "caffe/db.hpp"

namespace caffe {
namespace test {

inline void make_db(DataParameter::DB backend, const std::string& path,
                    const std::vector<DbRecord>& records) {
  const auto writer = create_db(backend, path);
  for (const DbRecord& record : records) writer->put(record.key, record.value);
  writer->commit();
}

// A datum of bytes.
inline Datum datum(int channels, int height, int width, const std::string& bytes, int label) {
  Datum made;
  made.set_channels(channels);
  made.set_height(height);
  made.set_width(width);
  made.set_data(bytes);
  made.set_label(label);
  return made;
}

// Pixels by rows: one byte each for 1 channel, red, green, blue(, opacity) for 3 and 4.
inline std::string png(int channels, int height, int width, const std::vector<uint8_t>& pixels) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.width = width;
  image.height = height;
  image.format = channels == 1 ? PNG_FORMAT_GRAY : channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_RGBA;
  png_alloc_size_t size = 0;
  EXPECT_TRUE(png_image_write_to_memory(&image, nullptr, &size, 0, pixels.data(), 0, nullptr));
  std::string file(size, '\0');
  EXPECT_TRUE(png_image_write_to_memory(&image, &file[0], &size, 0, pixels.data(), 0, nullptr));
  file.resize(size);
  return file;
}

}  // namespace test
}  // namespace caffe
