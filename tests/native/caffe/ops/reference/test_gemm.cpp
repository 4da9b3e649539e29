#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "caffe/ops/reference/gemm.hpp"
#include "support/expect_error.hpp"

namespace caffe {
namespace test {
namespace {

using reference::Transpose;

std::vector<double> numbers(int64_t n, double start) {
  std::vector<double> values(n);
  for (int64_t i = 0; i < n; ++i) values[i] = std::sin(start + static_cast<double>(i));
  return values;
}

void check(int64_t m, int64_t n, int64_t k, bool ta, bool tb) {
  const std::vector<double> a = numbers(m * k, 0), b = numbers(k * n, 0.5);
  std::vector<double> c = numbers(m * n, 1), expected = c;
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      for (int64_t p = 0; p < k; ++p) {
        expected[i * n + j] += a[ta ? p * m + i : i * k + p] * b[tb ? j * k + p : p * n + j];
      }
    }
  }
  reference::gemm(ta ? Transpose::kYes : Transpose::kNo, tb ? Transpose::kYes : Transpose::kNo, m,
                  n, k, a.data(), b.data(), c.data());
  for (int64_t i = 0; i < m * n; ++i) ASSERT_NEAR(c[i], expected[i], 1e-10) << i;
}

TEST(Gemm, AddsTheProduct) {
  // Tiles are 4 rows by 512 columns, four steps of k at a time.
  for (const auto& [m, n, k] : {std::array<int64_t, 3>{1, 1, 1},
                                {4, 5, 6},
                                {5, 513, 7},
                                {9, 1030, 3},
                                {70, 40, 50},
                                {3, 4, 0}}) {
    check(m, n, k, false, false);
    check(m, n, k, true, false);
    check(m, n, k, false, true);
  }
}

TEST(Gemm, BothTransposedIsRefused) {
  const double one = 1;
  double c = 0;
  expect_error(Code::kInternal, "both operands transposed",
               [&] { reference::gemm(Transpose::kYes, Transpose::kYes, 1, 1, 1, &one, &one, &c); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
