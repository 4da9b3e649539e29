#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "caffe/blob.hpp"
#include "caffe/ops/reference/patches.hpp"

namespace caffe {
namespace test {
namespace {

ConvolutionGeometry geometry(std::vector<int64_t> in, std::vector<int64_t> kernel, int64_t stride,
                             int64_t pad, int64_t dilation) {
  ConvolutionGeometry g;
  g.in = in;
  g.kernel = kernel;
  for (size_t i = 0; i < in.size(); ++i) {
    g.stride.push_back(stride);
    g.pad.push_back(pad);
    g.dilation.push_back(dilation);
    g.out.push_back((in[i] + 2 * pad - dilation * (kernel[i] - 1) - 1) / stride + 1);
  }
  return g;
}

TEST(Patches, RowsAreKernelElementsAndColumnsAreOutputs) {
  const ConvolutionGeometry g = geometry({2, 3}, {1, 2}, 1, 0, 1);
  const std::vector<double> image = {1, 2, 3, 4, 5, 6};
  std::vector<double> columns(8);
  reference::patches_to_columns(g, 1, image.data(), columns.data());
  EXPECT_EQ(columns, (std::vector<double>{1, 2, 4, 5, 2, 3, 5, 6}));
}

TEST(Patches, OutsideIsZero) {
  const ConvolutionGeometry g = geometry({2}, {2}, 2, 1, 2);
  const std::vector<double> image = {7, 8};
  std::vector<double> columns(2 * g.out[0], -1);
  reference::patches_to_columns(g, 1, image.data(), columns.data());
  EXPECT_EQ(columns, (std::vector<double>{0, 8}));
}

// <columns(x), c> = <x, image(c)> for any x and c.
TEST(Patches, BackIsTheAdjoint) {
  for (const ConvolutionGeometry& g :
       {geometry({5, 6}, {3, 2}, 2, 1, 1), geometry({7}, {3}, 1, 2, 2),
        geometry({3, 4, 3}, {2, 2, 2}, 1, 1, 1), geometry({}, {}, 1, 0, 1)}) {
    const int64_t channels = 3;
    std::vector<double> x(channels * product(g.in)), back(x.size());
    std::vector<double> c(channels * product(g.kernel) * product(g.out)), columns(c.size());
    for (size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<double>(i));
    for (size_t i = 0; i < c.size(); ++i) c[i] = std::cos(3.0 * static_cast<double>(i));
    reference::patches_to_columns(g, channels, x.data(), columns.data());
    reference::columns_to_patches(g, channels, c.data(), back.data());
    double left = 0, right = 0;
    for (size_t i = 0; i < c.size(); ++i) left += columns[i] * c[i];
    for (size_t i = 0; i < x.size(); ++i) right += x[i] * back[i];
    EXPECT_NEAR(left, right, 1e-10);
    EXPECT_NE(left, 0);
  }
}

}  // namespace
}  // namespace test
}  // namespace caffe
