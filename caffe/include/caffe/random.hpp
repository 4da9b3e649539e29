// Random numbers: one generator per net, so that nets in one process do not disturb
// each other and a run is repeatable for a seed.
#pragma once

#include <cstdint>
#include <random>

namespace caffe {

class Random {
 public:
  // seed < 0: from the system.
  explicit Random(int64_t seed = -1);
  void seed(int64_t seed);
  std::mt19937_64& engine() { return engine_; }
  // A seed for another generator.
  int64_t draw_seed() { return static_cast<int64_t>(engine_() >> 1); }

  // U(low, high), N(mean, std), and true with probability p.
  double uniform(double low, double high);
  double gaussian(double mean, double std);
  bool bernoulli(double p);
  // Uniform in 0..n-1.
  int64_t index(int64_t n);

 private:
  std::mt19937_64 engine_;
};

}  // namespace caffe
