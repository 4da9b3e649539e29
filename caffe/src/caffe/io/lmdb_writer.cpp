// Writing LMDB files, with liblmdb.
#include <lmdb.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "caffe/error.hpp"
#include "caffe/io/db_backends.hpp"

namespace caffe {
namespace {

// Address space, not memory or disk: doubled when it is used up.
constexpr size_t kFirstMapSize = size_t{1} << 30;

class LmdbWriter : public DbWriter {
 public:
  explicit LmdbWriter(const std::string& path) : path_(path) {
    const bool made = ::mkdir(path.c_str(), 0777) == 0;
    require(made, Code::kIo, "the LMDB '", path, "' cannot be made: ", std::strerror(errno));
    check(mdb_env_create(&environment_));
    try {
      check(mdb_env_set_mapsize(environment_, map_size_));
      check(mdb_env_open(environment_, path.c_str(), 0, 0666));
    } catch (...) {
      mdb_env_close(environment_);
      throw;
    }
  }
  ~LmdbWriter() override { mdb_env_close(environment_); }

  void put(const std::string& key, const std::string& value) override {
    pending_.emplace_back(key, value);
  }

  void commit() override {
    int status;
    while ((status = write_pending()) == MDB_MAP_FULL) {
      map_size_ *= 2;
      check(mdb_env_set_mapsize(environment_, map_size_));
    }
    check(status);
    pending_.clear();
  }

 private:
  void check(int status) const {
    require(status == MDB_SUCCESS, Code::kIo, "the LMDB '", path_,
            "' cannot be written: ", mdb_strerror(status));
  }

  int write_pending() {
    MDB_txn* transaction = nullptr;
    int status = mdb_txn_begin(environment_, nullptr, 0, &transaction);
    if (status != MDB_SUCCESS) return status;
    MDB_dbi database;
    status = mdb_dbi_open(transaction, nullptr, 0, &database);
    for (size_t i = 0; i < pending_.size() && status == MDB_SUCCESS; ++i) {
      MDB_val key{pending_[i].first.size(), &pending_[i].first[0]};
      MDB_val value{pending_[i].second.size(), &pending_[i].second[0]};
      status = mdb_put(transaction, database, &key, &value, 0);
    }
    if (status == MDB_SUCCESS) return mdb_txn_commit(transaction);
    mdb_txn_abort(transaction);
    return status;
  }

  std::string path_;
  MDB_env* environment_ = nullptr;
  size_t map_size_ = kFirstMapSize;
  std::vector<std::pair<std::string, std::string>> pending_;
};

}  // namespace

std::unique_ptr<DbWriter> create_lmdb(const std::string& path) {
  return std::make_unique<LmdbWriter>(path);
}

}  // namespace caffe
