// The two oldest forms of layers: V0, a nested `layer` with all
// parameters in one message, and V1, `layers` with types by number.
#pragma once

#include <string>

#include "caffe/proto/caffe.pb.h"

namespace caffe {

// V0 -> V1. Fields that do not belong to their layer's type give a warning.
void upgrade_v0(NetParameter* net, const std::string& origin);

// V1 -> `layer`.
void upgrade_v1(NetParameter* net, const std::string& origin);

}  // namespace caffe
