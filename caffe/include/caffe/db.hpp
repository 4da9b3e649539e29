// Databases of keys and values, as Caffe's tools make them.
#pragma once

#include <memory>
#include <string>

#include "caffe/proto/caffe.pb.h"

namespace caffe {

struct DbRecord {
  std::string key, value;
};

// Goes through the records in the order of their keys (as bytes). For one thread at a time. Errors
// name the database: kIo if it cannot be opened or read, kParse if it is damaged.
class DbCursor {
 public:
  virtual ~DbCursor() = default;
  // The next record, or false after the last one; then rewind() starts over.
  virtual bool next(DbRecord* record) = 0;
  virtual void rewind() = 0;
};

// Makes a database; what is not committed is lost. Errors name the database, kIo.
class DbWriter {
 public:
  virtual ~DbWriter() = default;
  virtual void put(const std::string& key, const std::string& value) = 0;
  virtual void commit() = 0;
};

// path: a folder (an LMDB may be a single file as well). An LMDB must not be written to while it
// is read. Opening a LevelDB writes to its folder; cursors in one process share it.
std::unique_ptr<DbCursor> open_db(DataParameter::DB backend, const std::string& path);
// path must not exist.
std::unique_ptr<DbWriter> create_db(DataParameter::DB backend, const std::string& path);

// A key as it can be shown: other bytes than printable ASCII as \xNN, cut after 64.
std::string printable_key(const std::string& key);

}  // namespace caffe
