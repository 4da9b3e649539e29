// Nets and solvers of inputs, made small enough to be built thousands of times.
#pragma once

#include <google/protobuf/message_lite.h>

namespace caffe {
namespace fuzz {

// Brings whole numbers into -16..16, all but those around the ends of their types, which are what
// overflows; shapes to at most 5 axes; and removes what names files. `message`: of caffe.proto.
void make_small(google::protobuf::MessageLite* message);

}  // namespace fuzz
}  // namespace caffe
