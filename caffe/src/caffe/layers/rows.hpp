// Work on the rows of arrays, and sums, in ranges that threads share. What a range is does not
// depend on the number of threads, and neither does a sum.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

namespace caffe {

// Elements of a range, which fit the second-level cache; fewer are not worth a thread.
constexpr int64_t kRowRange = 16384;

// body(row, first, n) for the elements [first, first + n) of every row, in parallel.
template <typename Body>
void for_row_ranges(int64_t rows, int64_t length, const Body& body) {
  const int64_t ranges = (length + kRowRange - 1) / kRowRange;
#pragma omp parallel for collapse(2) schedule(static) if (rows * length > kRowRange)
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t i = 0; i < ranges; ++i) {
      body(row, i * kRowRange, std::min(kRowRange, length - i * kRowRange));
    }
  }
}

template <typename T>
double sum_values(const T* values, int64_t count) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < count; ++i) sum += static_cast<double>(values[i]);
  return sum;
}

template <typename T>
double sum_absolutes(const T* values, int64_t count) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < count; ++i) sum += static_cast<double>(std::abs(values[i]));
  return sum;
}

template <typename T>
double sum_squares(const T* values, int64_t count) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < count; ++i) {
    sum += static_cast<double>(values[i]) * static_cast<double>(values[i]);
  }
  return sum;
}

template <typename T>
double sum_squared_differences(const T* a, const T* b, int64_t count) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < count; ++i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += difference * difference;
  }
  return sum;
}

// For every row the sum of body(row, first, n) over its ranges.
template <typename Body>
std::vector<double> row_sums(int64_t rows, int64_t length, const Body& body) {
  const int64_t ranges = (length + kRowRange - 1) / kRowRange;
  std::vector<double> partial(rows * ranges);
  for_row_ranges(rows, length, [&](int64_t row, int64_t first, int64_t n) {
    partial[row * ranges + first / kRowRange] = body(row, first, n);
  });
  if (ranges == 1) return partial;
  std::vector<double> sums(rows);
  for (int64_t row = 0; row < rows; ++row) {
    const auto start = partial.begin() + row * ranges;
    sums[row] = std::accumulate(start, start + ranges, 0.0);
  }
  return sums;
}

// Sum of body(first, n) over the ranges of `count` elements.
template <typename Body>
double range_sum(int64_t count, const Body& body) {
  return row_sums(1, count, [&](int64_t, int64_t first, int64_t n) { return body(first, n); })[0];
}

}  // namespace caffe
