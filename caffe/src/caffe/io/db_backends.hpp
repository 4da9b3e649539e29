// The kinds of database behind db.hpp.
#pragma once

#include "caffe/db.hpp"

namespace caffe {

std::unique_ptr<DbCursor> open_lmdb(const std::string& path);
std::unique_ptr<DbWriter> create_lmdb(const std::string& path);
std::unique_ptr<DbCursor> open_leveldb(const std::string& path);
std::unique_ptr<DbWriter> create_leveldb(const std::string& path);

}  // namespace caffe
