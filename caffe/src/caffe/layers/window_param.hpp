// The sliding window that convolution_param describes.
#pragma once

#include "caffe/ops/convolution_op.hpp"
#include "caffe/proto/caffe.pb.h"

namespace caffe {

// Sets kernel, stride, pad and dilation for `axes` spatial axes. Each list of the parameter
// has one entry for all axes or one per axis; kernel_h, kernel_w and the like are another
// form for two axes. Throws kBadNet naming the field.
void read_window(const ConvolutionParameter& param, int axes, ConvolutionGeometry* geometry);

// Sets `out` from `in` and the window: floor((in + 2*pad - extent) / stride) + 1 with
// extent = dilation * (kernel - 1) + 1. Throws kShape if no window fits.
void shape_output(ConvolutionGeometry* geometry);

// The other way round, as Deconvolution needs it: sets `in` from `out` and the window:
// stride * (out - 1) + extent - 2*pad. Throws kShape if nothing is left.
void shape_input(ConvolutionGeometry* geometry);

}  // namespace caffe
