// Reading and writing Caffe's files.
#pragma once

#include <google/protobuf/message_lite.h>

#include <cstdint>
#include <optional>
#include <string>

#include "caffe/proto/caffe.pb.h"

namespace caffe {

class NewFile;

// Messages are of protobuf's lite kind: proto/schema.hpp says why.
// Text format. `origin` (usually the file name) goes into messages, with line and column
// of a syntax error or the name of an unknown field. Throw kIo or kParse.
void parse_text(const std::string& text, const std::string& origin,
                google::protobuf::MessageLite* message);
void read_text_file(const std::string& filename, google::protobuf::MessageLite* message);
void write_text_file(const std::string& filename, const google::protobuf::MessageLite& message);
std::string to_text(const google::protobuf::MessageLite& message);

// Binary format; files up to 2 GiB - 1.
void parse_binary(const void* data, size_t size, const std::string& origin,
                  google::protobuf::MessageLite* message);
// Weights and solver states begin with their checksum, if SparkNet has written them: it is
// returned. A file that does not match it is refused.
std::optional<uint32_t> read_binary_file(const std::string& filename,
                                         google::protobuf::MessageLite* message);
// Written beside the file and renamed, so that a failure leaves the old file.
void write_binary_file(const std::string& filename, const google::protobuf::MessageLite& message);
// The same, to a new file that the caller commits; returns its checksum, 0 if it has none.
uint32_t write_binary_file(const NewFile& place, const google::protobuf::MessageLite& message);

// Whether a file of this name is HDF5: it ends in .h5.
bool is_hdf5_name(const std::string& filename);
// HDF5 or binary, as the name says.
void read_solver_state(const std::string& filename, SolverState* state);
void write_solver_state(const std::string& filename, const SolverState& state);
void write_solver_state(const NewFile& place, const SolverState& state);

// Upgrades old forms in place: net inputs become an Input layer, ...
void upgrade_net(NetParameter* net, const std::string& origin);
void upgrade_solver(SolverParameter* solver, const std::string& origin);

// From a prototxt file, upgraded. A solver without snapshot_prefix gets the file's path
// without extension; a prefix that is a directory gets the file's stem appended.
void read_net_file(const std::string& filename, NetParameter* net);
void read_solver_file(const std::string& filename, SolverParameter* solver);

}  // namespace caffe
