#include "caffe/random.hpp"

namespace caffe {

namespace {

uint64_t system_seed() {
  std::random_device device;
  return (static_cast<uint64_t>(device()) << 32) | device();
}

}  // namespace

Random::Random(int64_t seed) { this->seed(seed); }

void Random::seed(int64_t seed) {
  engine_.seed(seed < 0 ? system_seed() : static_cast<uint64_t>(seed));
}

double Random::uniform(double low, double high) {
  // 53 random bits, as many as a double holds.
  const double unit = static_cast<double>(engine_() >> 11) * 0x1.0p-53;
  return low + (high - low) * unit;
}

double Random::gaussian(double mean, double std) {
  return mean + std * std::normal_distribution<double>()(engine_);
}

bool Random::bernoulli(double p) { return uniform(0, 1) < p; }

int64_t Random::index(int64_t n) {
  return std::uniform_int_distribution<int64_t>(0, n - 1)(engine_);
}

}  // namespace caffe
