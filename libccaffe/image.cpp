// ccaffe.h, section "images".
#include "caffe/image.hpp"

#include <algorithm>
#include <vector>

#include "guard.hpp"

using ccaffe::given;
using ccaffe::guard;

ccaffe_status ccaffe_image_size(const void* encoded, size_t size, int32_t* height, int32_t* width) {
  return guard([&] {
    given(height, "height");
    given(width, "width");
    const caffe::ImageSize found = caffe::jpeg_size(given(encoded, "encoded"), size);
    *height = found.height;
    *width = found.width;
  });
}

ccaffe_status ccaffe_image_decode(const void* encoded, size_t size, int32_t height, int32_t width,
                                  uint8_t* planes) {
  return guard([&] {
    given(planes, "planes");
    const caffe::ImageSize wanted{height, width};
    const caffe::Image image = caffe::decode_jpeg(given(encoded, "encoded"), size, wanted);
    caffe::resize_image(image, wanted, planes);
  });
}

ccaffe_status ccaffe_image_fill(const uint8_t* items, int32_t count, const int32_t* shape,
                                const int32_t* crop, const int32_t* places, const float* mean,
                                float scale, float* values) {
  return guard([&] {
    given(items, "items");
    given(shape, "shape");
    given(crop, "crop");
    given(values, "values");
    std::vector<caffe::CropPlace> all(places != nullptr ? std::max(count, 0) : 0);
    for (size_t n = 0; n < all.size(); ++n)
      all[n] = {places[3 * n], places[3 * n + 1], places[3 * n + 2]};
    caffe::fill_crops(items, count, {shape[0], shape[1], shape[2], {crop[0], crop[1]}},
                      places != nullptr ? all.data() : nullptr, mean, scale, values);
  });
}
