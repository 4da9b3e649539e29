// The shape that a BlobShape message gives.
#pragma once

#include "caffe/blob.hpp"
#include "caffe/proto/caffe.pb.h"

namespace caffe {

inline Shape to_shape(const BlobShape& message) {
  return Shape(message.dim().begin(), message.dim().end());
}

}  // namespace caffe
