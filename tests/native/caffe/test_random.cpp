#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "caffe/random.hpp"

namespace caffe {
namespace {

std::vector<double> draw(Random& random, int n) {
  std::vector<double> values;
  for (int i = 0; i < n; ++i) values.push_back(random.uniform(0, 1));
  return values;
}

TEST(Random, SameSeedSameNumbers) {
  Random a(42), b(42), c(43);
  const std::vector<double> first = draw(a, 20);
  EXPECT_EQ(first, draw(b, 20));
  EXPECT_NE(first, draw(c, 20));
  a.seed(42);
  EXPECT_EQ(first, draw(a, 20));
}

TEST(Random, NegativeSeedComesFromTheSystem) {
  Random a(-1), b(-1);
  EXPECT_NE(draw(a, 5), draw(b, 5));
}

TEST(Random, UniformStaysInRangeAndCentres) {
  Random random(1);
  double sum = 0;
  for (int i = 0; i < 20000; ++i) {
    const double value = random.uniform(-2, 4);
    ASSERT_GE(value, -2);
    ASSERT_LT(value, 4);
    sum += value;
  }
  EXPECT_NEAR(sum / 20000, 1, 0.05);
}

TEST(Random, GaussianHasMeanAndDeviation) {
  Random random(1);
  double sum = 0, squares = 0;
  const int n = 20000;
  for (int i = 0; i < n; ++i) {
    const double value = random.gaussian(3, 2);
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / n, 3, 0.06);
  EXPECT_NEAR(std::sqrt(squares / n - sum / n * sum / n), 2, 0.06);
}

TEST(Random, BernoulliAndIndex) {
  Random random(1);
  int hits = 0;
  std::vector<int> seen(5);
  for (int i = 0; i < 10000; ++i) {
    hits += random.bernoulli(0.3) ? 1 : 0;
    ++seen.at(random.index(5));
  }
  EXPECT_NEAR(hits / 10000.0, 0.3, 0.03);
  for (int count : seen) EXPECT_NEAR(count, 2000, 200);
  EXPECT_FALSE(random.bernoulli(0));
  EXPECT_TRUE(random.bernoulli(1));
}

}  // namespace
}  // namespace caffe
