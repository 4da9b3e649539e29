// Rewrites of a NetParameter before layers are made from it.
#pragma once

#include "caffe/proto/caffe.pb.h"

namespace caffe {

// Whether every part of `rule` that is given holds for `state`.
bool rule_matches(const NetStateRule& rule, const NetState& state);

// Only the layers that the net's own state lets in (include and exclude rules).
NetParameter filter_layers(const NetParameter& net);

// Gives every top that is used more than once a Split layer right after its producer.
// A nonzero loss_weight counts as one use and moves to the Split's first top.
NetParameter insert_splits(const NetParameter& net);

}  // namespace caffe
