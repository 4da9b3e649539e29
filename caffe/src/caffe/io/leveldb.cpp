// LevelDB, through its library.
#include <leveldb/db.h>
#include <leveldb/write_batch.h>
#include <sys/stat.h>

#include <cstdlib>
#include <map>
#include <mutex>

#include "caffe/error.hpp"
#include "caffe/io/db_backends.hpp"

namespace caffe {
namespace {

std::string canonical(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                         &std::free);
  return real ? real.get() : path;
}

// A database that is open for reading. The library lets a process open a folder once only, but
// nets of one process may well read the same one.
class SharedLevelDb {
 public:
  explicit SharedLevelDb(const std::string& path) : key_(canonical(path)) {
    const std::lock_guard<std::mutex> lock(mutex());
    Entry& entry = entries()[key_];
    if (entry.users == 0) {
      try {
        entry.db.reset(open(path));
      } catch (...) {
        entries().erase(key_);
        throw;
      }
    }
    ++entry.users;
    db_ = entry.db.get();
  }
  ~SharedLevelDb() {
    const std::lock_guard<std::mutex> lock(mutex());
    if (--entries()[key_].users == 0) entries().erase(key_);
  }
  SharedLevelDb(const SharedLevelDb&) = delete;
  SharedLevelDb& operator=(const SharedLevelDb&) = delete;

  leveldb::DB* get() const { return db_; }

 private:
  struct Entry {
    std::unique_ptr<leveldb::DB> db;
    int users = 0;
  };
  static std::mutex& mutex() {
    static std::mutex mutex;
    return mutex;
  }
  static std::map<std::string, Entry>& entries() {
    static std::map<std::string, Entry> entries;
    return entries;
  }

  static leveldb::DB* open(const std::string& path) {
    // Open() would make the folder.
    struct stat status;
    const bool there = ::stat((path + "/CURRENT").c_str(), &status) == 0;
    require(there, Code::kIo, "the LevelDB '", path,
            "' cannot be opened: there is no file CURRENT in it");
    leveldb::Options options;
    options.max_open_files = 100;
    leveldb::DB* db = nullptr;
    const leveldb::Status opened = leveldb::DB::Open(options, path, &db);
    require(opened.ok(), opened.IsCorruption() ? Code::kParse : Code::kIo, "the LevelDB '", path,
            "' cannot be opened: ", opened.ToString());
    return db;
  }

  std::string key_;
  leveldb::DB* db_ = nullptr;
};

class LevelDbCursor : public DbCursor {
 public:
  explicit LevelDbCursor(const std::string& path) : path_(path), db_(path) {
    leveldb::ReadOptions options;
    options.verify_checksums = true;
    options.fill_cache = false;
    iterator_.reset(db_.get()->NewIterator(options));
    rewind();
  }

  void rewind() override { started_ = false; }

  bool next(DbRecord* record) override {
    if (!started_) {
      iterator_->SeekToFirst();
    } else if (iterator_->Valid()) {
      iterator_->Next();
    }
    started_ = true;
    const bool valid = iterator_->Valid();
    require(valid || iterator_->status().ok(), Code::kParse, "the LevelDB '", path_,
            "' is damaged: ", iterator_->status().ToString());
    if (!valid) return false;
    record->key = iterator_->key().ToString();
    record->value = iterator_->value().ToString();
    return true;
  }

 private:
  std::string path_;
  SharedLevelDb db_;
  std::unique_ptr<leveldb::Iterator> iterator_;
  bool started_ = false;
};

class LevelDbWriter : public DbWriter {
 public:
  explicit LevelDbWriter(const std::string& path) : path_(path) {
    leveldb::Options options;
    options.create_if_missing = true;
    options.error_if_exists = true;
    leveldb::DB* db = nullptr;
    check(leveldb::DB::Open(options, path, &db));
    db_.reset(db);
  }

  void put(const std::string& key, const std::string& value) override { batch_.Put(key, value); }

  void commit() override {
    check(db_->Write(leveldb::WriteOptions(), &batch_));
    batch_.Clear();
  }

 private:
  void check(const leveldb::Status& status) const {
    require(status.ok(), Code::kIo, "the LevelDB '", path_,
            "' cannot be written: ", status.ToString());
  }

  std::string path_;
  std::unique_ptr<leveldb::DB> db_;
  leveldb::WriteBatch batch_;
};

}  // namespace

std::unique_ptr<DbCursor> open_leveldb(const std::string& path) {
  return std::make_unique<LevelDbCursor>(path);
}

std::unique_ptr<DbWriter> create_leveldb(const std::string& path) {
  return std::make_unique<LevelDbWriter>(path);
}

}  // namespace caffe
