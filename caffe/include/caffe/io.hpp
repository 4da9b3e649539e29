// Reading and writing Caffe's files.
#pragma once

#include <google/protobuf/message.h>

#include <string>

#include "caffe/proto/caffe.pb.h"

namespace caffe {

// Text format. `origin` (usually the file name) goes into messages, with line and column
// of a syntax error or the name of an unknown field. Throw kIo or kParse.
void parse_text(const std::string& text, const std::string& origin,
                google::protobuf::Message* message);
void read_text_file(const std::string& filename, google::protobuf::Message* message);
std::string to_text(const google::protobuf::Message& message);

// Binary format; files up to 2 GiB - 1.
void parse_binary(const void* data, size_t size, const std::string& origin,
                  google::protobuf::Message* message);
void read_binary_file(const std::string& filename, google::protobuf::Message* message);
// Written beside the file and renamed, so that a failure leaves the old file.
void write_binary_file(const std::string& filename, const google::protobuf::Message& message);

// Upgrades old forms in place (solvers.md 7): net inputs become an Input layer, ...
void upgrade_net(NetParameter* net, const std::string& origin);
void upgrade_solver(SolverParameter* solver, const std::string& origin);

}  // namespace caffe
