// Reading LMDB files. liblmdb trusts what it reads: a file that was cut short or damaged ends the
// process. Here the tree is read page by page, each place checked against the file. The format
// (0.9, 64 bits) is that of the structures MDB_page, MDB_meta, MDB_db and MDB_node in its mdb.c.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <vector>

#include "caffe/error.hpp"
#include "caffe/io/db_backends.hpp"

namespace caffe {
namespace {

constexpr uint32_t kMagic = 0xBEEFC0DE;
constexpr uint64_t kNoPage = ~uint64_t{0};
constexpr size_t kPageHeader = 16;  // number 8, padding 2, flags 2, lower 2, upper 2
constexpr size_t kNodeHeader = 8;   // size or child 4, flags or child 2, size of the key 2
constexpr size_t kMetaSize = kPageHeader + 136;
constexpr uint16_t kBranch = 1, kLeaf = 2, kOverflow = 4, kMeta = 8;  // pages
constexpr uint16_t kBigData = 1, kSubData = 2, kDupData = 4;          // nodes
constexpr uint16_t kDupSort = 4;                                      // databases
constexpr uint16_t kMaxDepth = 32;

template <typename N>
N load(const std::vector<char>& bytes, size_t at) {
  N value;
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

struct Meta {
  uint32_t page_size = 0;
  uint16_t flags = 0, depth = 0;
  uint64_t entries = 0, root = kNoPage, last_page = 0, transaction = 0;
};

class LmdbCursor : public DbCursor {
 public:
  explicit LmdbCursor(const std::string& path) : path_(path) {
    struct stat status;
    std::string file = path;
    if (::stat(file.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) file += "/data.mdb";
    fd_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    const bool opened = fd_ >= 0 && ::fstat(fd_, &status) == 0;
    require(opened, Code::kIo, "the LMDB '", path, "' cannot be opened: ", std::strerror(errno));
    file_size_ = static_cast<uint64_t>(status.st_size);
    try {
      read_meta();
    } catch (...) {
      ::close(fd_);
      throw;
    }
    rewind();
  }
  ~LmdbCursor() override { ::close(fd_); }

  void rewind() override {
    stack_.clear();
    delivered_ = visited_ = 0;
    started_ = false;
  }

  bool next(DbRecord* record) override {
    if (!started_ && meta_.root != kNoPage) push(meta_.root);
    started_ = true;
    while (!stack_.empty()) {
      Level& top = stack_.back();
      if (top.next == top.count) {
        stack_.pop_back();
        continue;
      }
      const size_t node = node_at(top, top.next++);
      if (top.flags & kBranch) {
        push(child(top.page, node));
        continue;
      }
      check(++delivered_ <= meta_.entries, "it has more records than it says");
      take(top.page, node, record);
      return true;
    }
    check(delivered_ == meta_.entries, "records are missing");
    return false;
  }

 private:
  struct Level {
    std::vector<char> page;
    uint16_t flags = 0;
    size_t count = 0, next = 0;  // nodes
  };

  template <typename... Args>
  void check(bool condition, const Args&... why) const {
    require(condition, Code::kParse, "the LMDB '", path_, "' is damaged: ", why...);
  }

  void read(uint64_t at, size_t size, char* to) const {
    check(at <= file_size_ && size <= file_size_ - at, "it is cut short, byte ", at,
          " lies beyond its end at ", file_size_);
    while (size > 0) {
      const ssize_t got = ::pread(fd_, to, size, static_cast<off_t>(at));
      if (got < 0 && errno == EINTR) continue;
      require(got >= 0, Code::kIo, "the LMDB '", path_, "' cannot be read: ", std::strerror(errno));
      check(got > 0, "it is cut short at byte ", at);
      to += got;
      at += static_cast<uint64_t>(got);
      size -= static_cast<size_t>(got);
    }
  }

  // Two pages tell the state after the last two transactions in turn: the newer one counts.
  void read_meta() {
    meta_ = meta_at(0);
    const Meta other = meta_at(meta_.page_size);
    check(other.page_size == meta_.page_size, "its two first pages contradict each other");
    if (other.transaction > meta_.transaction) meta_ = other;
    require(!(meta_.flags & kDupSort), Code::kUnsupported, "the LMDB '", path_,
            "' has several values for a key, which Caffe's never have");
    check(meta_.depth <= kMaxDepth, "its tree has ", meta_.depth, " levels");
  }

  Meta meta_at(uint64_t at) const {
    std::vector<char> page(kMetaSize);
    require(at + kMetaSize <= file_size_, Code::kParse, "the LMDB '", path_,
            "' is cut short: it has only ", file_size_, " bytes");
    read(at, kMetaSize, page.data());
    require((load<uint16_t>(page, 10) & kMeta) && load<uint32_t>(page, 16) == kMagic, Code::kParse,
            "'", path_, "' is no LMDB");
    const uint32_t version = load<uint32_t>(page, 20);
    require(version == 1, Code::kUnsupported, "the LMDB '", path_, "' has format ", version,
            "; only format 1 (LMDB 0.9) is known");
    Meta meta;
    meta.page_size = load<uint32_t>(page, 40);
    constexpr size_t kMain = 88;  // the second MDB_db
    meta.flags = load<uint16_t>(page, kMain + 4);
    meta.depth = load<uint16_t>(page, kMain + 6);
    meta.entries = load<uint64_t>(page, kMain + 32);
    meta.root = load<uint64_t>(page, kMain + 40);
    meta.last_page = load<uint64_t>(page, 136);
    meta.transaction = load<uint64_t>(page, 144);
    const uint32_t size = meta.page_size;
    check(size >= 256 && size <= 65536 && (size & (size - 1)) == 0, "pages of ", size, " bytes");
    return meta;
  }

  uint64_t offset(uint64_t number) const {
    check(number <= meta_.last_page && number < file_size_ / meta_.page_size + 1,
          "there is no page ", number);
    return number * meta_.page_size;
  }

  // Pages of a damaged tree may lead to one page in many ways, and so without end to no record.
  void push(uint64_t number) {
    check(++visited_ <= file_size_ / meta_.page_size, "its pages lead to each other");
    Level level;
    level.page.resize(meta_.page_size);
    read(offset(number), meta_.page_size, level.page.data());
    level.flags = load<uint16_t>(level.page, 10);
    const bool leaf = stack_.size() + 1 == meta_.depth;
    check(load<uint64_t>(level.page, 0) == number &&
              (level.flags & (kBranch | kLeaf | kOverflow)) == (leaf ? kLeaf : kBranch) &&
              stack_.size() < meta_.depth,
          "page ", number, " is not what it should be");
    const size_t lower = load<uint16_t>(level.page, 12);
    check(lower >= kPageHeader && lower <= meta_.page_size, "page ", number, " has no nodes");
    level.count = (lower - kPageHeader) / 2;
    stack_.push_back(std::move(level));
  }

  size_t node_at(const Level& level, size_t i) const {
    const size_t node = load<uint16_t>(level.page, kPageHeader + 2 * i);
    check(node >= kPageHeader && node + kNodeHeader <= level.page.size(), "a node lies outside");
    return node;
  }

  static uint64_t child(const std::vector<char>& page, size_t node) {
    return load<uint32_t>(page, node) | uint64_t{load<uint16_t>(page, node + 4)} << 32;
  }

  void take(const std::vector<char>& page, size_t node, DbRecord* record) const {
    const size_t size = load<uint32_t>(page, node);
    const uint16_t flags = load<uint16_t>(page, node + 4);
    const size_t key = node + kNodeHeader, data = key + load<uint16_t>(page, node + 6);
    require(!(flags & (kSubData | kDupData)), Code::kUnsupported, "the LMDB '", path_,
            "' holds named databases, which Caffe's never do");
    const bool apart = flags & kBigData;
    check(data + (apart ? sizeof(uint64_t) : size) <= page.size(), "a record lies outside");
    record->key.assign(page.data() + key, data - key);
    if (!apart) {
      record->value.assign(page.data() + data, size);
      return;
    }
    std::vector<char> header(kPageHeader);
    const uint64_t number = load<uint64_t>(page, data), at = offset(number);
    read(at, kPageHeader, header.data());
    check(load<uint64_t>(header, 0) == number && (load<uint16_t>(header, 10) & kOverflow), "page ",
          number, " is not what it should be");
    // Before there is memory for it: a damaged size must not claim any.
    check(size <= file_size_ - at, "it is cut short in the value of key '",
          printable_key(record->key), "'");
    record->value.resize(size);
    read(at + kPageHeader, size, &record->value[0]);
  }

  std::string path_;
  int fd_ = -1;
  uint64_t file_size_ = 0;
  uint64_t delivered_ = 0, visited_ = 0;  // records and pages of this pass
  bool started_ = false;
  Meta meta_;
  std::vector<Level> stack_;
};

}  // namespace

std::unique_ptr<DbCursor> open_lmdb(const std::string& path) {
  return std::make_unique<LmdbCursor>(path);
}

}  // namespace caffe
