// LMDB files made page by page, sound ones and others. Their pages are smaller than those that the
// library makes, so a file of several levels has few bytes.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "caffe/db.hpp"

namespace caffe {
namespace test {

// Pages get their numbers in the order in which they are added, from 2 on: before them lie the two
// that describe the file.
class LmdbPages {
 public:
  static constexpr size_t kSize = 256;

  // A page of records, in the order of their keys. Values that are not small lie in pages of their
  // own.
  uint64_t leaf(const std::vector<DbRecord>& records) {
    std::vector<std::string> nodes;
    for (const DbRecord& record : records) {
      const bool apart = record.value.size() > 40;
      std::string node;
      put(static_cast<uint32_t>(record.value.size()), &node);
      put<uint16_t>(apart ? 1 : 0, &node);
      put(static_cast<uint16_t>(record.key.size()), &node);
      node += record.key;
      if (apart) {
        put(value(record.value), &node);
      } else {
        node += record.value;
      }
      nodes.push_back(node);
    }
    return add(2, nodes);
  }

  // A page that leads to others. Only searches need the keys that stand in it.
  uint64_t branch(const std::vector<uint64_t>& children) {
    std::vector<std::string> nodes;
    for (const uint64_t child : children) {
      std::string node;
      put(static_cast<uint32_t>(child), &node);
      put(static_cast<uint16_t>(child >> 32), &node);
      put<uint16_t>(0, &node);
      nodes.push_back(node);
    }
    return add(1, nodes);
  }

  // The number of the next page.
  uint64_t next() const { return 2 + pages_.size() / kSize; }

  std::string file(uint64_t root, uint16_t depth, uint64_t entries) const {
    std::string whole;
    for (uint64_t number = 0; number < 2; ++number) {
      std::string page = header(number, 8, 0);
      put(uint32_t{0xBEEFC0DE}, &page);
      put(uint32_t{1}, &page);
      page.resize(40, '\0');
      put(static_cast<uint32_t>(kSize), &page);
      page.resize(94, '\0');
      put(depth, &page);
      page.resize(120, '\0');
      put(entries, &page);
      put(root, &page);
      put(next() - 1, &page);
      put(number, &page);  // of the transaction
      page.resize(kSize, '\0');
      whole += page;
    }
    return whole + pages_;
  }

 private:
  template <typename N>
  static void put(N number, std::string* bytes) {
    bytes->append(reinterpret_cast<const char*>(&number), sizeof(number));
  }

  static std::string header(uint64_t number, uint16_t kind, uint16_t nodes) {
    std::string page;
    put(number, &page);
    put<uint16_t>(0, &page);
    put(kind, &page);
    put(static_cast<uint16_t>(16 + 2 * nodes), &page);
    put<uint16_t>(0, &page);
    return page;
  }

  uint64_t add(uint16_t kind, const std::vector<std::string>& nodes) {
    const uint64_t number = next();
    std::string page = header(number, kind, static_cast<uint16_t>(nodes.size()));
    size_t at = kSize;
    std::string behind;
    for (const std::string& node : nodes) {
      at -= node.size();
      put(static_cast<uint16_t>(at), &page);
      behind = node + behind;
    }
    page.resize(at, '\0');
    pages_ += page + behind;
    return number;
  }

  uint64_t value(const std::string& content) {
    const uint64_t number = next();
    std::string pages = header(number, 4, 0) + content;
    pages.resize((pages.size() + kSize - 1) / kSize * kSize, '\0');
    pages_ += pages;
    return number;
  }

  std::string pages_;
};

}  // namespace test
}  // namespace caffe
