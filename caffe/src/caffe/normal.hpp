// Many normally distributed numbers.
#pragma once

#include <cstdint>
#include <random>

namespace caffe {

// Fills `values` with draws of N(0, 1), the very numbers that libstdc++'s normal_distribution makes
// one after the other, and leaves the engine where that would. Threads share the work that is not
// the engine's.
template <typename T>
void fill_normal(std::mt19937_64& engine, int64_t count, T* values);

}  // namespace caffe
