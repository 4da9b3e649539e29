# Target caffe_proto: C++ code generated from caffe.proto by the system's protoc, for the system's
# libprotobuf, and the schema itself as bytes (caffe/proto/caffe_descriptor.hpp). The messages are
# lite ones; caffe/src/caffe/proto/schema.hpp says why.
find_package(Protobuf REQUIRED)
find_package(Threads REQUIRED)

set(schema_root "${SPARKNET_ROOT}/caffe/src")
set(schema caffe/proto/caffe.proto)
set(generated "${CMAKE_BINARY_DIR}/generated")
set(proto_dir "${generated}/caffe/proto")
file(MAKE_DIRECTORY "${proto_dir}")

add_custom_command(
  OUTPUT "${proto_dir}/caffe.pb.cc" "${proto_dir}/caffe.pb.h" "${proto_dir}/caffe.desc"
  COMMAND protobuf::protoc "--proto_path=${schema_root}" "--cpp_out=lite:${generated}"
          "--descriptor_set_out=${proto_dir}/caffe.desc" ${schema}
  DEPENDS "${schema_root}/${schema}"
  COMMENT "Generating C++ from caffe.proto"
  VERBATIM)

add_custom_command(
  OUTPUT "${proto_dir}/caffe_descriptor.hpp"
  COMMAND "${CMAKE_COMMAND}" "-DINPUT=${proto_dir}/caffe.desc"
          "-DOUTPUT=${proto_dir}/caffe_descriptor.hpp"
          -P "${SPARKNET_ROOT}/build/cmake/EmbedDescriptor.cmake"
  DEPENDS "${proto_dir}/caffe.desc" "${SPARKNET_ROOT}/build/cmake/EmbedDescriptor.cmake"
  VERBATIM)

add_library(caffe_proto OBJECT "${proto_dir}/caffe.pb.cc" "${proto_dir}/caffe.pb.h"
            "${proto_dir}/caffe_descriptor.hpp")
# Reading and writing of messages that are mostly arrays, which libprotobuf copies.
if(CMAKE_BUILD_TYPE STREQUAL Release)
  set_source_files_properties("${proto_dir}/caffe.pb.cc" PROPERTIES COMPILE_OPTIONS -O1)
endif()
# Generated code is not ours to warn about: a system directory for those who include it.
target_include_directories(caffe_proto SYSTEM PUBLIC "${generated}" ${Protobuf_INCLUDE_DIRS})
target_link_libraries(caffe_proto PUBLIC protobuf::libprotobuf Threads::Threads)
