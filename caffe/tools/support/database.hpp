// Databases on the command line.
#pragma once

#include <string>

#include "caffe/db.hpp"

namespace caffe::tools {

// "lmdb" or "leveldb", else kInvalidArgument.
DataParameter::DB to_backend(const std::string& name);

// Puts records and commits as it goes, so that memory stays bounded, and logs how far it is.
class RecordWriter {
 public:
  // path must not exist; `what` are the records ("images"), for the log.
  RecordWriter(const std::string& backend, const std::string& path, const std::string& what);

  void put(const std::string& key, const google::protobuf::MessageLite& record);
  // Commits the rest and logs the sum.
  void finish();
  int64_t count() const { return count_; }

 private:
  std::unique_ptr<DbWriter> db_;
  std::string path_, what_;
  int64_t count_ = 0;
};

// `number` with zeros in front, so that keys are in the order of their numbers.
std::string numbered(int64_t number, int digits);

}  // namespace caffe::tools
