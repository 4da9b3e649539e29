// Bilinear resizing without a filter, with weights of 11 bits.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "caffe/error.hpp"
#include "caffe/item.hpp"

namespace caffe {
namespace {

constexpr int kOne = 1 << 11;

// A new position lies between old positions `first` and `second`.
struct Tap {
  int first, second;
  int first_weight, second_weight;
};

std::vector<Tap> linear_taps(int old_size, int new_size) {
  const double scale = static_cast<double>(old_size) / new_size;
  std::vector<Tap> taps;
  taps.reserve(new_size);
  for (int i = 0; i < new_size; ++i) {
    const float place = static_cast<float>((i + 0.5) * scale - 0.5);
    int first = static_cast<int>(std::floor(place));
    float fraction = place - static_cast<float>(first);
    if (first < 0) first = 0, fraction = 0;
    if (first >= old_size - 1) first = old_size - 1, fraction = 0;
    taps.push_back({first, std::min(first + 1, old_size - 1),
                    static_cast<int>(std::lrint((1 - fraction) * kOne)),
                    static_cast<int>(std::lrint(fraction * kOne))});
  }
  return taps;
}

}  // namespace

Item resize_item(const Item& item, int height, int width) {
  require(height > 0 && width > 0, Code::kInvalidArgument, "an image of ", height, "x", width,
          " has no pixels");
  const std::vector<Tap> down = linear_taps(item.height, height);
  const std::vector<Tap> across = linear_taps(item.width, width);
  Item result{item.channels, height, width, {}, {}};
  result.bytes.resize(result.count());
  const auto* from = reinterpret_cast<const uint8_t*>(item.bytes.data());
  auto* to = reinterpret_cast<uint8_t*>(&result.bytes[0]);
  for (int c = 0; c < item.channels; ++c, from += size_t{1} * item.height * item.width) {
    for (const Tap& y : down) {
      const uint8_t* upper = from + size_t{1} * y.first * item.width;
      const uint8_t* lower = from + size_t{1} * y.second * item.width;
      for (const Tap& x : across) {
        const int above = upper[x.first] * x.first_weight + upper[x.second] * x.second_weight;
        const int below = lower[x.first] * x.first_weight + lower[x.second] * x.second_weight;
        // 19 bits by 11 do not fit: four are dropped first, 18 are left to drop.
        const int sum =
            ((y.first_weight * (above >> 4)) >> 16) + ((y.second_weight * (below >> 4)) >> 16);
        *to++ = static_cast<uint8_t>((sum + 2) >> 2);
      }
    }
  }
  return result;
}

}  // namespace caffe
