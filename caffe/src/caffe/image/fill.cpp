// Crops of byte items, as floats.
#include "caffe/clones.hpp"
#include "caffe/error.hpp"
#include "caffe/image.hpp"

namespace caffe {
namespace {

// One row; mirrored, `from` and `mean` are still its leftmost values.
CAFFE_CLONES void fill_row(const uint8_t* from, const float* mean, float scale, bool mirror,
                           int width, float* to) {
  if (mirror) {
    if (mean != nullptr) {
      for (int x = 0; x < width; ++x) to[x] = (from[width - 1 - x] - mean[width - 1 - x]) * scale;
    } else {
      for (int x = 0; x < width; ++x) to[x] = from[width - 1 - x] * scale;
    }
  } else if (mean != nullptr) {
    for (int x = 0; x < width; ++x) to[x] = (from[x] - mean[x]) * scale;
  } else {
    for (int x = 0; x < width; ++x) to[x] = from[x] * scale;
  }
}

void check(const Crop& crop, const CropPlace& place, int item) {
  require(place.top >= 0 && place.left >= 0 && place.top <= crop.height - crop.size.height &&
              place.left <= crop.width - crop.size.width,
          Code::kInvalidArgument, "item ", item, ": a crop of ", crop.size.height, "x",
          crop.size.width, " at row ", place.top, ", column ", place.left,
          " is not inside an item of ", crop.height, "x", crop.width);
  require(place.mirror == 0 || place.mirror == 1, Code::kInvalidArgument, "item ", item,
          ": mirror is ", place.mirror, ", not 0 or 1");
}

}  // namespace

void fill_crops(const uint8_t* items, int count, const Crop& crop, const CropPlace* places,
                const float* mean, float scale, float* values) {
  require(count >= 0 && crop.channels > 0 && crop.height > 0 && crop.width > 0,
          Code::kInvalidArgument, count, " items of ", crop.channels, "x", crop.height, "x",
          crop.width, " cannot fill a minibatch");
  const auto [crop_height, crop_width] = crop.size;
  require(
      crop_height > 0 && crop_width > 0 && crop_height <= crop.height && crop_width <= crop.width,
      Code::kInvalidArgument, "a crop of ", crop_height, "x", crop_width,
      " is not inside an item of ", crop.height, "x", crop.width);
  const CropPlace centre{(crop.height - crop_height) / 2, (crop.width - crop_width) / 2, 0};
  // All before the first value is written.
  for (int n = 0; places != nullptr && n < count; ++n) check(crop, places[n], n);
  const size_t plane = static_cast<size_t>(crop.height) * crop.width;
  for (int n = 0; n < count; ++n) {
    const CropPlace& place = places != nullptr ? places[n] : centre;
    for (int c = 0; c < crop.channels; ++c) {
      size_t at = c * plane + static_cast<size_t>(place.top) * crop.width + place.left;
      for (int y = 0; y < crop_height; ++y, at += crop.width, values += crop_width)
        fill_row(items + n * crop.channels * plane + at, mean != nullptr ? mean + at : nullptr,
                 scale, place.mirror != 0, crop_width, values);
    }
  }
}

}  // namespace caffe
