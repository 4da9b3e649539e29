#include "caffe/normal.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace caffe {

namespace {

// bits / 2^64, rounded once, but below 1. The conversion of an unsigned integer that this CPU's
// vectors do not have would branch on the first bit, which no one can predict.
template <typename T>
T unit(uint64_t bits) {
  if (bits < uint64_t{1} << 56) return static_cast<T>(bits) * T(0x1p-64);
  // The last bit stands for all that are rounded away.
  const T value = static_cast<T>(static_cast<int64_t>((bits >> 1) | (bits & 1))) * T(0x1p-63);
  return std::min(value, T(1) - std::numeric_limits<T>::epsilon() / 2);
}

// A point of the unit circle, and its distance from the centre squared.
template <typename T>
struct Point {
  T x, y, square;
};

// Draws `count` points of the square around the circle; those in the circle become `points`.
template <typename T>
int64_t draw_points(std::mt19937_64& engine, int64_t count, Point<T>* points) {
  int64_t inside = 0;
  for (int64_t i = 0; i < count; ++i) {
    const T x = T(2) * unit<T>(engine()) - T(1);
    const T y = T(2) * unit<T>(engine()) - T(1);
    const T square = x * x + y * y;
    points[inside] = {x, y, square};
    inside += square <= T(1) && square != T(0) ? 1 : 0;
  }
  return inside;
}

}  // namespace

// Marsaglia's polar method: Marsaglia and Bray, A convenient method for generating normal
// variables, 1964. A point gives two numbers.
template <typename T>
void fill_normal(std::mt19937_64& engine, int64_t count, T* values) {
  constexpr int64_t kPoints = 65536;
  std::vector<Point<T>> points(std::min(kPoints, count / 2 + 1));
  for (int64_t done = 0; done < count;) {
    // No more than are needed, even if all are in the circle.
    const int64_t drawn = std::min(kPoints, (count - done + 1) / 2);
    const int64_t inside = draw_points(engine, drawn, points.data());
#pragma omp parallel for schedule(static) if (inside > 1024)
    for (int64_t i = 0; i < inside; ++i) {
      const Point<T>& p = points[i];
      const T factor = std::sqrt(-2 * std::log(p.square) / p.square);
      const int64_t at = done + 2 * i;
      values[at] = p.y * factor;
      if (at + 1 < count) values[at + 1] = p.x * factor;
    }
    done += 2 * inside;
  }
}

template void fill_normal(std::mt19937_64&, int64_t, float*);
template void fill_normal(std::mt19937_64&, int64_t, double*);

}  // namespace caffe
