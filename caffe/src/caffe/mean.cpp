#include "caffe/mean.hpp"

#include <algorithm>
#include <cstring>

#include "caffe/clones.hpp"

namespace caffe {
namespace {

// As many sums as stay in the first cache with what is added to them.
constexpr int kBlock = 1024;

inline __attribute__((always_inline)) float widened(float value) { return value; }

inline __attribute__((always_inline)) float widened(uint16_t half) {
  const uint32_t bits = static_cast<uint32_t>(half) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

inline __attribute__((always_inline)) void narrow(float value, float* into) { *into = value; }

inline __attribute__((always_inline)) void narrow(float value, uint16_t* into) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  *into = static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

template <typename T>
inline __attribute__((always_inline)) void mean_of_block(const T* const* vectors,
                                                         const double* weights, int count,
                                                         double total, T* mean, int64_t from,
                                                         int size) {
  double sums[kBlock];
  for (int i = 0; i < size; ++i) sums[i] = weights[0] * widened(vectors[0][from + i]);
  for (int n = 1; n < count; ++n) {
    const T* values = vectors[n] + from;
    const double weight = weights[n];
    for (int i = 0; i < size; ++i) sums[i] += weight * widened(values[i]);
  }
  for (int i = 0; i < size; ++i) narrow(static_cast<float>(sums[i] / total), mean + from + i);
}

// target_clones cannot be put on a template.
CAFFE_CLONES void block(const float* const* vectors, const double* weights, int count, double total,
                        float* mean, int64_t from, int size) {
  mean_of_block(vectors, weights, count, total, mean, from, size);
}
CAFFE_CLONES void block(const uint16_t* const* vectors, const double* weights, int count,
                        double total, uint16_t* mean, int64_t from, int size) {
  mean_of_block(vectors, weights, count, total, mean, from, size);
}

template <typename T>
void mean_of(const T* const* vectors, const double* weights, int count, T* mean, int64_t size) {
  double total = 0;
  for (int n = 0; n < count; ++n) total += weights[n];
  for (int64_t from = 0; from < size; from += kBlock)
    block(vectors, weights, count, total, mean, from,
          static_cast<int>(std::min<int64_t>(kBlock, size - from)));
}

// Negative if some exponent has all its bits: adding one to it carries into the sign.
CAFFE_CLONES int32_t exponents(const float* values, int64_t size) {
  uint32_t found = 0;
  for (int64_t i = 0; i < size; ++i) {
    uint32_t bits;
    std::memcpy(&bits, values + i, sizeof bits);
    found |= (bits & 0x7f800000) + 0x00800000;
  }
  return static_cast<int32_t>(found);
}

}  // namespace

void weighted_mean(const float* const* vectors, const double* weights, int count, float* mean,
                   int64_t size) {
  mean_of(vectors, weights, count, mean, size);
}

void weighted_mean(const uint16_t* const* vectors, const double* weights, int count, uint16_t* mean,
                   int64_t size) {
  mean_of(vectors, weights, count, mean, size);
}

CAFFE_CLONES void differ(const float* values, const float* base, uint16_t* differences,
                         int64_t size) {
  for (int64_t i = 0; i < size; ++i) narrow(values[i] - base[i], differences + i);
}

CAFFE_CLONES void add_differences(const uint16_t* differences, float* values, int64_t size) {
  for (int64_t i = 0; i < size; ++i) values[i] += widened(differences[i]);
}

bool all_finite(const float* values, int64_t size) { return exponents(values, size) >= 0; }

}  // namespace caffe
