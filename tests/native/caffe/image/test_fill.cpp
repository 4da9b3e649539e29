#include <gtest/gtest.h>

#include <random>

#include "caffe/image.hpp"
#include "support/expect_error.hpp"
#include "support/images.hpp"

namespace caffe {
namespace test {
namespace {

using Floats = std::vector<float>;

// One channel of 3x4: 10 r + c.
const Bytes kItem = {0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23};

Floats filled(const Bytes& items, int count, const Crop& crop, const CropPlace* places,
              const float* mean = nullptr, float scale = 1) {
  Floats values(static_cast<size_t>(count) * crop.channels * crop.size.height * crop.size.width);
  fill_crops(items.data(), count, crop, places, mean, scale, values.data());
  return values;
}

TEST(Fill, TakesTheCentre) {
  EXPECT_EQ(filled(kItem, 1, {1, 3, 4, {1, 2}}, nullptr), Floats({11, 12}));
  EXPECT_EQ(filled(kItem, 1, {1, 3, 4, {2, 3}}, nullptr), Floats({0, 1, 2, 10, 11, 12}));
}

TEST(Fill, MirrorsAroundTheCropsOwnMiddle) {
  const CropPlace place{1, 1, 1};
  EXPECT_EQ(filled(kItem, 1, {1, 3, 4, {2, 3}}, &place), Floats({13, 12, 11, 23, 22, 21}));
}

TEST(Fill, SubtractsTheMeanOfTheSamePixel) {
  Floats mean(12);
  for (int i = 0; i < 12; ++i) mean[i] = static_cast<float>(i);
  const CropPlace place{1, 0, 1};
  EXPECT_EQ(filled(kItem, 1, {1, 3, 4, {1, 2}}, &place, mean.data(), 0.5f),
            Floats({(11 - 5) * 0.5f, (10 - 4) * 0.5f}));
}

TEST(Fill, BytesAreUnsigned) {
  EXPECT_EQ(filled({0, 127, 128, 255}, 1, {4, 1, 1, {1, 1}}, nullptr, nullptr, 2),
            Floats({0, 254, 256, 510}));
}

// Against the formula of the header, at sizes that vectors do not divide.
TEST(Fill, FollowsItsFormula) {
  std::mt19937 random(7);
  const Crop crop{3, 21, 40, {19, 37}};
  const std::vector<CropPlace> places = {{0, 0, 0}, {2, 3, 1}, {1, 2, 0}, {2, 0, 1}, {0, 1, 1}};
  const int count = static_cast<int>(places.size());
  Bytes items(static_cast<size_t>(count) * 3 * 21 * 40);
  Floats mean(3 * 21 * 40);
  for (auto& v : items) v = static_cast<uint8_t>(random());
  for (auto& v : mean) v = static_cast<float>(random() % 1000) / 8;
  const Floats with_mean = filled(items, count, crop, places.data(), mean.data(), 0.25f);
  const Floats without = filled(items, count, crop, places.data(), nullptr, 0.25f);
  size_t at = 0;
  for (int n = 0; n < count; ++n)
    for (int c = 0; c < 3; ++c)
      for (int y = 0; y < 19; ++y)
        for (int x = 0; x < 37; ++x, ++at) {
          const int from = places[n].left + (places[n].mirror ? 36 - x : x);
          const int pixel = (c * 21 + places[n].top + y) * 40 + from;
          const float value = items[n * 3 * 21 * 40 + pixel];
          ASSERT_EQ(with_mean[at], (value - mean[pixel]) * 0.25f) << n << " " << c;
          ASSERT_EQ(without[at], value * 0.25f) << n << " " << c;
        }
}

TEST(Fill, WhatIsNotInsideIsRefused) {
  const auto refuse = [](const Crop& crop, CropPlace place, const std::string& part) {
    float untouched[12] = {-1};
    const CropPlace places[] = {{0, 0, 0}, place};
    const Bytes items(24);
    expect_error(Code::kInvalidArgument, part,
                 [&] { fill_crops(items.data(), 2, crop, places, nullptr, 1, untouched); });
    EXPECT_EQ(untouched[0], -1);
  };
  const Crop crop{1, 3, 4, {2, 3}};
  refuse(crop, {2, 0, 0}, "item 1: a crop of 2x3 at row 2, column 0 is not inside an item of 3x4");
  refuse(crop, {0, 2, 0}, "item 1");
  refuse(crop, {-1, 0, 0}, "item 1");
  refuse(crop, {0, -1, 0}, "item 1");
  refuse(crop, {0, 0, 2}, "item 1: mirror is 2");
  refuse({1, 3, 4, {4, 3}}, {0, 0, 0}, "a crop of 4x3 is not inside an item of 3x4");
  refuse({1, 3, 4, {0, 3}}, {0, 0, 0}, "a crop of 0x3");
  refuse({0, 3, 4, {2, 3}}, {0, 0, 0}, "2 items of 0x3x4");
}

// Of all types, with a mean of each kind.
template <typename V, typename T>
void expect_formula() {
  const Crop crop{2, 5, 40, {3, 37}};
  std::vector<V> item(2 * 5 * 40);
  std::vector<T> image(item.size()), channels = {T(1.5), T(-2)};
  for (size_t i = 0; i < item.size(); ++i) {
    item[i] = static_cast<V>(i * 7 % 251);
    image[i] = static_cast<T>(i % 13) / 4;
  }
  for (const Means<T>& means : {Means<T>{nullptr, nullptr}, Means<T>{image.data(), nullptr},
                                Means<T>{nullptr, channels.data()}}) {
    for (const int mirror : {0, 1}) {
      std::vector<T> values(2 * 3 * 37);
      fill_crop(item.data(), crop, {1, 2, mirror}, means, T(0.25), values.data());
      for (int i = 0; i < 2 * 3 * 37; ++i) {
        const int x = i % 37, y = i / 37 % 3, c = i / 111;
        const int at = (c * 5 + 1 + y) * 40 + 2 + (mirror == 1 ? 36 - x : x);
        const T mean = means.image != nullptr      ? image[at]
                       : means.channels != nullptr ? channels[c]
                                                   : T(0);
        ASSERT_EQ(values[i], (static_cast<T>(item[at]) - mean) * T(0.25)) << i;
      }
    }
  }
}

TEST(Fill, AllTypesFollowTheFormula) {
  expect_formula<uint8_t, float>();
  expect_formula<float, float>();
  expect_formula<uint8_t, double>();
  expect_formula<float, double>();
}

}  // namespace
}  // namespace test
}  // namespace caffe
