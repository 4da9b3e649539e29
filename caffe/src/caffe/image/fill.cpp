// Crops of items, as floating-point values.
#include "caffe/clones.hpp"
#include "caffe/error.hpp"
#include "caffe/image.hpp"

namespace caffe {
namespace {

// to[x] = (from[x'] - means[x']) * scale, x' being x, or counted from the end if mirrored; if
// `means` is null, `mean` is subtracted.
template <typename V, typename T>
struct Row {
  const V* from;
  const T* means;
  T mean, scale;
  bool mirror;
  int width;
  T* to;
};

template <typename V, typename T>
inline __attribute__((always_inline)) void fill_row(const Row<V, T>& row) {
  const auto [from, means, mean, scale, mirror, width, to] = row;
  const int last = width - 1;
  if (mirror && means != nullptr) {
    for (int x = 0; x < width; ++x) to[x] = (T(from[last - x]) - means[last - x]) * scale;
  } else if (mirror) {
    for (int x = 0; x < width; ++x) to[x] = (T(from[last - x]) - mean) * scale;
  } else if (means != nullptr) {
    for (int x = 0; x < width; ++x) to[x] = (T(from[x]) - means[x]) * scale;
  } else {
    for (int x = 0; x < width; ++x) to[x] = (T(from[x]) - mean) * scale;
  }
}

// target_clones cannot be put on a template.
CAFFE_CLONES void fill(const Row<uint8_t, float>& row) { fill_row(row); }
CAFFE_CLONES void fill(const Row<float, float>& row) { fill_row(row); }
CAFFE_CLONES void fill(const Row<uint8_t, double>& row) { fill_row(row); }
CAFFE_CLONES void fill(const Row<float, double>& row) { fill_row(row); }

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

template <typename V, typename T>
void fill_crop(const V* item, const Crop& crop, const CropPlace& place, const Means<T>& means,
               T scale, T* values) {
  const size_t plane = static_cast<size_t>(crop.height) * crop.width;
  for (int c = 0; c < crop.channels; ++c) {
    const T mean = means.channels != nullptr ? means.channels[c] : T(0);
    size_t at = c * plane + static_cast<size_t>(place.top) * crop.width + place.left;
    for (int y = 0; y < crop.size.height; ++y, at += crop.width, values += crop.size.width) {
      fill(Row<V, T>{item + at, means.image != nullptr ? means.image + at : nullptr, mean, scale,
                     place.mirror != 0, crop.size.width, values});
    }
  }
}

template void fill_crop(const uint8_t*, const Crop&, const CropPlace&, const Means<float>&, float,
                        float*);
template void fill_crop(const float*, const Crop&, const CropPlace&, const Means<float>&, float,
                        float*);
template void fill_crop(const uint8_t*, const Crop&, const CropPlace&, const Means<double>&, double,
                        double*);
template void fill_crop(const float*, const Crop&, const CropPlace&, const Means<double>&, double,
                        double*);

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
  const size_t item = static_cast<size_t>(crop.channels) * crop.height * crop.width;
  const size_t part = static_cast<size_t>(crop.channels) * crop_height * crop_width;
  for (int n = 0; n < count; ++n) {
    fill_crop(items + n * item, crop, places != nullptr ? places[n] : centre,
              Means<float>{mean, nullptr}, scale, values + n * part);
  }
}

}  // namespace caffe
