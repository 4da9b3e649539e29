// Patches of an image as columns of a matrix (im2col) and back, in any number of axes.
#pragma once

#include <cstdint>

#include "caffe/ops/convolution_op.hpp"

namespace caffe {
namespace reference {

// columns: (channels * product(kernel), product(out)), zero where a patch reaches outside.
// image: (channels, in...).
template <typename T>
void patches_to_columns(const ConvolutionGeometry& geometry, int64_t channels, const T* image,
                        T* columns);

// The adjoint: adds every element of `columns` to the place in `image` it came from.
template <typename T>
void columns_to_patches(const ConvolutionGeometry& geometry, int64_t channels, const T* columns,
                        T* image);

}  // namespace reference
}  // namespace caffe
