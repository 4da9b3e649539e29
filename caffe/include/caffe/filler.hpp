// Fillers: first values of parameter blobs.
#pragma once

#include "caffe/blob.hpp"
#include "caffe/proto/caffe.pb.h"
#include "caffe/random.hpp"

namespace caffe {

// Fills blob's data by the rule of param.type(). Throws kBadNet
// for an unknown type or a field that does not fit.
template <typename T>
void fill(const FillerParameter& param, Random& random, Blob<T>* blob);

}  // namespace caffe
