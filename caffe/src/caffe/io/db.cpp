#include "caffe/db.hpp"

#include <cstdio>

#include "caffe/error.hpp"
#include "caffe/io/db_backends.hpp"

namespace caffe {

std::unique_ptr<DbCursor> open_db(DataParameter::DB backend, const std::string& path) {
  return backend == DataParameter::LMDB ? open_lmdb(path) : open_leveldb(path);
}

std::unique_ptr<DbWriter> create_db(DataParameter::DB backend, const std::string& path) {
  return backend == DataParameter::LMDB ? create_lmdb(path) : create_leveldb(path);
}

std::string printable_key(const std::string& key) {
  constexpr size_t kShown = 64;
  std::string shown;
  for (unsigned char c : key.substr(0, kShown)) {
    char escaped[5];
    std::snprintf(escaped, sizeof(escaped), "\\x%02x", c);
    shown += c >= ' ' && c < 0x7f ? std::string(1, static_cast<char>(c)) : std::string(escaped);
  }
  return key.size() > kShown ? shown + "..." : shown;
}

}  // namespace caffe
