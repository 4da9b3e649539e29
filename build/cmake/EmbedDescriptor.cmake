# cmake -DINPUT=caffe.desc -DOUTPUT=header -P EmbedDescriptor.cmake
# Writes the serialised FileDescriptorSet as an array of bytes.
file(READ "${INPUT}" bytes HEX)
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE "${OUTPUT}" "// Generated from caffe.proto: a serialised FileDescriptorSet.
#pragma once

namespace caffe {

inline constexpr unsigned char kDescriptorSet[] = {
${bytes}
};

}  // namespace caffe
")
