// Functions in vector code against the C library in double precision, on all instruction sets that
// the machine has.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "caffe/error.hpp"
#include "caffe/ops/simd/functions.hpp"
#include "support/isas.hpp"

namespace caffe {
namespace test {
namespace {

using simd::Functions;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kLargest = std::numeric_limits<float>::max();
constexpr float kDenormal = std::numeric_limits<float>::denorm_min();

struct Named {
  const char* name;
  Functions::Function Functions::* function;
  double (*truth)(double);
};

const Named kFunctions[] = {
    {"exp", &Functions::exp, std::exp},
    {"expm1", &Functions::expm1, std::expm1},
    {"log", &Functions::log, std::log},
    {"log1p", &Functions::log1p, std::log1p},
    {"tanh", &Functions::tanh, std::tanh},
    {"sigmoid", &Functions::sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }},
};

// Numbers of all magnitudes and both signs, NaN and infinity among them, and many of those for
// which the functions are interesting.
std::vector<float> numbers() {
  std::vector<float> all = {0,
                            -0.0f,
                            1,
                            -1,
                            kInfinity,
                            -kInfinity,
                            kNan,
                            -kNan,
                            kLargest,
                            -kLargest,
                            kDenormal,
                            -kDenormal,
                            88.7228317f,
                            88.7228394f,
                            -87.3365479f,
                            -103.972076f,
                            -103.972084f,
                            -104.5f,
                            0.625f,
                            9.010913f,
                            1e-18f};
  for (uint64_t pattern = 0; pattern < (uint64_t{1} << 32); pattern += 30011) {
    const auto bits = static_cast<uint32_t>(pattern);
    float value;
    std::memcpy(&value, &bits, sizeof(value));
    all.push_back(value);
  }
  for (int i = -50000; i < 50000; ++i) all.push_back(static_cast<float>(i) * 2.03e-4f);
  for (int i = 0; i < 20000; ++i) all.push_back(0.5f + static_cast<float>(i) * 7.1e-5f);
  return all;
}

// Distance in units in the last place of a float near the truth; 0 if both are NaN, or the same
// infinity or zero.
double distance(float actual, double truth) {
  const auto rounded = static_cast<float>(truth);
  if (std::isnan(rounded)) return std::isnan(actual) ? 0 : kInfinity;
  if (std::isinf(rounded) || rounded == 0) {
    if (actual == rounded && std::signbit(actual) == std::signbit(rounded)) return 0;
    // The library's result is not far from the bound.
    if (std::isinf(rounded)) return std::fabs(truth) < 3.4028237e38 && std::isfinite(actual);
    return actual == 0 || std::fabs(actual) > kDenormal ? kInfinity : std::fabs(truth) > 0;
  }
  const float size = std::fabs(rounded);
  const double unit = static_cast<double>(std::nextafter(size, kInfinity)) - size;
  return size == kLargest ? 0 : std::fabs(actual - truth) / unit;
}

void expect_near(const std::string& what, const std::vector<float>& x,
                 const std::vector<float>& actual, const std::function<double(double)>& truth,
                 double bound) {
  double worst = 0;
  size_t where = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double d = distance(actual[i], truth(x[i]));
    if (!(d <= worst)) {
      worst = d;
      where = i;
    }
  }
  EXPECT_LE(worst, bound) << what << " of " << x[where] << " is " << actual[where] << ", not "
                          << truth(x[where]);
}

TEST(SimdFunctions, AreAsExactAsTheLibrarys) {
  const std::vector<float> x = numbers();
  std::vector<float> y(x.size());
  for (const simd::Isa isa : isas()) {
    for (const Named& f : kFunctions) {
      (simd::functions_on(isa).*f.function)(x.data(), static_cast<int64_t>(x.size()), y.data());
      expect_near(cat(isa_name(isa), " ", f.name), x, y, f.truth, 2.5);
    }
  }
}

TEST(SimdFunctions, PowersAreAsExactAsTheLibrarys) {
  const std::vector<float> x = numbers();
  std::vector<float> y(x.size());
  for (const simd::Isa isa : isas()) {
    for (const float p : {0.0f, 1.0f, 2.0f, -1.0f, 3.0f, -2.0f, -7.0f, 0.5f, -0.5f, 0.75f, 2.5f,
                          1e-4f, 1000.0f, -1000.0f, 16777217.0f, 3e9f, kLargest, -kLargest}) {
      simd::functions_on(isa).pow(x.data(), p, static_cast<int64_t>(x.size()), y.data());
      expect_near(
          cat(isa_name(isa), " power ", p), x, y,
          [&](double v) { return std::pow(v, static_cast<double>(p)); }, 1.0);
    }
  }
}

// Where a value stands in the array, and whether the result takes its place, changes nothing.
TEST(SimdFunctions, DoNotDependOnThePlace) {
  std::vector<float> x(100);
  for (size_t i = 0; i < x.size(); ++i) x[i] = 0.01f + 0.037f * static_cast<float>(i);
  for (const simd::Isa isa : isas()) {
    const Functions& functions = simd::functions_on(isa);
    std::vector<std::pair<std::string, std::function<void(const float*, int64_t, float*)>>> all;
    for (const Named& f : kFunctions) all.emplace_back(f.name, functions.*f.function);
    all.emplace_back("power", [&](const float* from, int64_t n, float* to) {
      functions.pow(from, 0.3f, n, to);
    });
    for (const auto& [name, function] : all) {
      std::vector<float> whole(x.size());
      function(x.data(), 100, whole.data());
      for (const int64_t first : {0, 1, 3, 50}) {
        for (const int64_t count : {0, 1, 2, 5, 15, 16, 17, 33}) {
          std::vector<float> part = x;
          function(part.data() + first, count, part.data() + first);
          for (int64_t i = 0; i < 100; ++i) {
            const bool inside = i >= first && i < first + count;
            ASSERT_EQ(part[i], inside ? whole[i] : x[i])
                << isa_name(isa) << " " << name << " " << first << " " << count;
          }
        }
      }
    }
  }
}

TEST(SimdFunctions, AreThoseOfThisCpu) {
  EXPECT_EQ(&simd::functions(), &simd::functions_on(simd::cpu_isa()));
}

}  // namespace
}  // namespace test
}  // namespace caffe
