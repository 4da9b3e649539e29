// The triangle filter: rows first, since neighbouring pixels of a row then share their weights.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "caffe/clones.hpp"
#include "caffe/error.hpp"
#include "caffe/image.hpp"

namespace caffe {
namespace {

// One new value: the first old position, how many, and where their weights start.
struct Tap {
  int first, count;
  size_t weights;
};

struct Taps {
  std::vector<Tap> taps;
  std::vector<float> weights;
};

Taps triangle(int old_size, int new_size) {
  const double scale = static_cast<double>(old_size) / new_size;
  const double support = std::max(scale, 1.0);
  Taps result;
  result.taps.reserve(new_size);
  for (int i = 0; i < new_size; ++i) {
    const double center = (i + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(std::floor(center - support + 0.5)));
    const int last = std::min(old_size, static_cast<int>(std::floor(center + support + 0.5)));
    const size_t start = result.weights.size();
    double total = 0;
    for (int j = first; j < last; ++j) {
      const double weight = std::max(0.0, 1 - std::abs(j + 0.5 - center) / support);
      total += weight;
      result.weights.push_back(static_cast<float>(weight));
    }
    for (size_t k = start; k < result.weights.size(); ++k)
      result.weights[k] = static_cast<float>(result.weights[k] / total);
    result.taps.push_back({first, last - first, start});
  }
  return result;
}

// to[i] = sum over k of weights[k] * rows[k * stride + i]
CAFFE_CLONES void blend_rows(const uint8_t* rows, size_t stride, const float* weights, int count,
                             size_t size, float* to) {
  for (size_t i = 0; i < size; ++i) to[i] = weights[0] * rows[i];
  for (int k = 1; k < count; ++k) {
    const uint8_t* row = rows + k * stride;
    const float weight = weights[k];
    for (size_t i = 0; i < size; ++i) to[i] += weight * row[i];
  }
}

typedef float Pixel __attribute__((vector_size(16)));
typedef int32_t RoundPixel __attribute__((vector_size(16)));

CAFFE_CLONES void blend_columns(const float* row, const Tap* taps, const float* all_weights,
                                int width, uint8_t* red, uint8_t* green, uint8_t* blue) {
  for (int x = 0; x < width; ++x) {
    const float* from = row + size_t{4} * taps[x].first;
    const float* weights = all_weights + taps[x].weights;
    Pixel sum = {0.5f, 0.5f, 0.5f, 0.5f};
    for (int k = 0; k < taps[x].count; ++k) {
      Pixel pixel;
      std::memcpy(&pixel, from + 4 * k, sizeof(pixel));
      sum += weights[k] * pixel;
    }
    const RoundPixel rounded = __builtin_convertvector(sum, RoundPixel);
    red[x] = static_cast<uint8_t>(rounded[0]);
    green[x] = static_cast<uint8_t>(rounded[1]);
    blue[x] = static_cast<uint8_t>(rounded[2]);
  }
}

}  // namespace

void resize_image(const Image& image, ImageSize size, uint8_t* planes) {
  require(size.height > 0 && size.width > 0, Code::kInvalidArgument, "an image of ", size.height,
          "x", size.width, " has no pixels");
  const Taps down = triangle(image.height, size.height);
  const Taps across = triangle(image.width, size.width);
  const size_t stride = size_t{4} * image.width;
  const size_t plane = static_cast<size_t>(size.height) * size.width;
  std::vector<float> row(stride);
  for (int y = 0; y < size.height; ++y) {
    const Tap& tap = down.taps[y];
    blend_rows(image.pixels.get() + tap.first * stride, stride, &down.weights[tap.weights],
               tap.count, stride, row.data());
    uint8_t* to = planes + static_cast<size_t>(y) * size.width;
    blend_columns(row.data(), across.taps.data(), across.weights.data(), size.width, to, to + plane,
                  to + 2 * plane);
  }
}

}  // namespace caffe
