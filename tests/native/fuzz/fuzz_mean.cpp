// Means: a binary BlobProto, of either form, taken as a blob of its own shape.
#include <cstdint>

#include "attempt.hpp"
#include "caffe/blob.hpp"
#include "caffe/io.hpp"
#include "caffe/proto/caffe.pb.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace caffe;
  return fuzz::attempt([&] {
    BlobProto proto;
    parse_binary(data, size, "input", &proto);
    Blob<float> mean;
    mean.from_proto(proto, true);
    BlobProto written;
    mean.to_proto(&written, true);
    Blob<double> again;
    again.from_proto(written, true);
  });
}
