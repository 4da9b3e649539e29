#include "support/database.hpp"

#include "caffe/error.hpp"
#include "caffe/log.hpp"

namespace caffe::tools {

DataParameter::DB to_backend(const std::string& name) {
  require(name == "lmdb" || name == "leveldb", Code::kInvalidArgument,
          "a database is lmdb or leveldb, not '", name, "'");
  return name == "lmdb" ? DataParameter::LMDB : DataParameter::LEVELDB;
}

RecordWriter::RecordWriter(const std::string& backend, const std::string& path,
                           const std::string& what)
    : db_(create_db(to_backend(backend), path)), path_(path), what_(what) {}

void RecordWriter::put(const std::string& key, const google::protobuf::MessageLite& record) {
  db_->put(key, record.SerializeAsString());
  if (++count_ % 1000 != 0) return;
  db_->commit();
  log_info("'", path_, "': ", count_, " ", what_);
}

void RecordWriter::finish() {
  if (count_ % 1000 != 0) db_->commit();
  log_info("'", path_, "': all ", count_, " ", what_, " written");
}

std::string numbered(int64_t number, int digits) {
  const std::string text = std::to_string(number);
  return std::string(std::max<int>(0, digits - static_cast<int>(text.size())), '0') + text;
}

}  // namespace caffe::tools
