#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "caffe/mean.hpp"

namespace caffe {
namespace {

float widened(uint16_t half) {
  const uint32_t bits = static_cast<uint32_t>(half) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

uint16_t rounded(float value) {
  const float zero = 0;
  uint16_t half;
  differ(&value, &zero, &half, 1);
  return half;
}

std::vector<float> some(int64_t size, int seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(size);
  for (float& v : values) v = normal(random) * std::pow(10.f, static_cast<float>(random() % 9) - 4);
  return values;
}

TEST(Mean, IsThatOfAllVectorsWeighted) {
  for (const int64_t size : {1, 7, 1023, 1024, 1025, 5000}) {
    for (int count = 1; count <= 5; ++count) {
      std::vector<std::vector<float>> vectors;
      std::vector<const float*> pointers;
      std::vector<double> weights;
      for (int n = 0; n < count; ++n) {
        vectors.push_back(some(size, n));
        weights.push_back(100.0 * (n + 1));
      }
      for (const auto& v : vectors) pointers.push_back(v.data());
      std::vector<float> mean(size);
      weighted_mean(pointers.data(), weights.data(), count, mean.data(), size);
      for (int64_t i = 0; i < size; ++i) {
        long double sum = 0, total = 0;
        for (int n = 0; n < count; ++n) {
          sum += static_cast<long double>(weights[n]) * vectors[n][i];
          total += weights[n];
        }
        const double expected = static_cast<double>(sum / total);
        ASSERT_NEAR(mean[i], expected, 1e-6 * std::abs(expected) + 1e-12) << size << " " << i;
      }
    }
  }
}

TEST(Mean, OfEqualVectorsIsThemselves) {
  const std::vector<float> values = some(3000, 5);
  const std::vector<const float*> pointers(7, values.data());
  const std::vector<double> weights = {1, 3, 100, 1281167, 7, 50000, 3};
  std::vector<float> mean(values.size());
  weighted_mean(pointers.data(), weights.data(), 7, mean.data(), 3000);
  EXPECT_EQ(mean, values);
}

TEST(Mean, MayBeOneOfTheVectors) {
  std::vector<float> a = some(3000, 1);
  const std::vector<float> b = some(3000, 2);
  std::vector<float> apart(3000);
  const float* pointers[] = {a.data(), b.data()};
  const double weights[] = {1, 2};
  weighted_mean(pointers, weights, 2, apart.data(), 3000);
  weighted_mean(pointers, weights, 2, a.data(), 3000);
  EXPECT_EQ(a, apart);
}

TEST(Mean, OfHalvesIsRoundedOnce) {
  const std::vector<float> a = some(3000, 1), b = some(3000, 2);
  std::vector<uint16_t> halves_a, halves_b, mean(3000);
  for (const float v : a) halves_a.push_back(rounded(v));
  for (const float v : b) halves_b.push_back(rounded(v));
  const uint16_t* pointers[] = {halves_a.data(), halves_b.data()};
  const double weights[] = {3, 1};
  weighted_mean(pointers, weights, 2, mean.data(), 3000);
  for (int i = 0; i < 3000; ++i) {
    const double exact = (3.0 * widened(halves_a[i]) + widened(halves_b[i])) / 4;
    ASSERT_EQ(mean[i], rounded(static_cast<float>(exact))) << i;
  }
}

TEST(Differences, AreRoundedToTheNearestHalfAndToEvenBetweenTwo) {
  for (const float exact : {0.f, 1.f, -2.5f, 1.0078125f, 3.3895314e38f})
    EXPECT_EQ(widened(rounded(exact)), exact);
  // bfloat16 has 8 significant bits: above 1 the next are 1 + 1/128 and 1 + 2/128.
  EXPECT_EQ(widened(rounded(1 + 0.4f / 128)), 1.f);
  EXPECT_EQ(widened(rounded(1 + 0.6f / 128)), 1 + 1.f / 128);
  EXPECT_EQ(widened(rounded(1 + 0.5f / 128)), 1.f);
  EXPECT_EQ(widened(rounded(1 + 1.5f / 128)), 1 + 2.f / 128);
  for (const float value : some(10000, 3))
    ASSERT_LE(std::abs(widened(rounded(value)) - value), std::abs(value) / 256);
}

TEST(Differences, AreAddedToWhatTheyDifferFrom) {
  const std::vector<float> base = some(3000, 1), values = some(3000, 2);
  std::vector<uint16_t> halves(3000);
  differ(values.data(), base.data(), halves.data(), 3000);
  std::vector<float> sum = base;
  add_differences(halves.data(), sum.data(), 3000);
  for (int i = 0; i < 3000; ++i) ASSERT_EQ(sum[i], base[i] + widened(halves[i])) << i;
}

TEST(AllFinite, FindsWhatIsNotAnywhere) {
  std::vector<float> values = some(3001, 4);
  values[7] = std::numeric_limits<float>::max();
  values[8] = std::numeric_limits<float>::denorm_min();
  EXPECT_TRUE(all_finite(values.data(), 3001));
  EXPECT_TRUE(all_finite(values.data(), 0));
  for (const float bad : {std::numeric_limits<float>::infinity(), -HUGE_VALF, std::nanf("")}) {
    for (const size_t i : {0u, 1500u, 3000u}) {
      std::vector<float> spoilt = values;
      spoilt[i] = bad;
      EXPECT_FALSE(all_finite(spoilt.data(), 3001)) << i;
    }
  }
}

}  // namespace
}  // namespace caffe
