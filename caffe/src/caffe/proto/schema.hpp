// What caffe.proto says of its messages, for the text format.
//
// The messages are generated as lite ones: full ones register caffe.proto in libprotobuf, and two
// copies of libccaffe.so in one process (one that an app loaded, one from the jar) share
// libprotobuf, which aborts the process at the second registration. So each copy keeps the
// schema in a pool of its own, and text is read and written by way of a described message.
#pragma once

#include <google/protobuf/message.h>

#include <memory>

namespace caffe {

// An empty message of the same type, with descriptors.
std::unique_ptr<google::protobuf::Message> describe(const google::protobuf::MessageLite& message);

}  // namespace caffe
