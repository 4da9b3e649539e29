#include <algorithm>
#include <filesystem>
#include <random>

#include "caffe/db.hpp"
#include "support/data_files.hpp"
#include "support/expect_error.hpp"
#include "support/lmdb_pages.hpp"
#include "support/temp_dir.hpp"

namespace caffe {
namespace test {
namespace {

using Records = std::vector<DbRecord>;

// Of sizes that fill several levels of pages and, above a page's, pages of their own.
Records records(int count) {
  Records made;
  for (int i = 0; i < count; ++i) {
    const std::string key = cat(10000 + i, "_name");
    made.push_back({key, std::string(i % 7 == 0 ? 9000 + i : i % 100, static_cast<char>(i))});
  }
  return made;
}

Records rest(DbCursor* cursor) {
  Records found;
  DbRecord record;
  while (cursor->next(&record)) found.push_back(record);
  return found;
}

void expect_equal(const Records& found, const Records& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].key, expected[i].key);
    EXPECT_EQ(found[i].value, expected[i].value) << found[i].key;
  }
}

class Db : public testing::TestWithParam<DataParameter::DB> {
 protected:
  TempDir dir_;
  std::string path_ = dir_ / "db";
};

TEST_P(Db, RecordsComeInTheOrderOfTheirKeys) {
  const Records made = records(2500);
  Records mixed = made;
  std::shuffle(mixed.begin(), mixed.end(), std::mt19937(1));
  make_db(GetParam(), path_, mixed);
  const auto cursor = open_db(GetParam(), path_);
  expect_equal(rest(cursor.get()), made);
  DbRecord record;
  EXPECT_FALSE(cursor->next(&record));
  cursor->rewind();
  expect_equal(rest(cursor.get()), made);
  cursor->rewind();
  ASSERT_TRUE(cursor->next(&record));
  EXPECT_EQ(record.key, made[0].key);
}

TEST_P(Db, CommitsAddUp) {
  auto writer = create_db(GetParam(), path_);
  writer->put("b", "2");
  writer->commit();
  writer->put("a", "1");
  writer->commit();
  writer.reset();
  expect_equal(rest(open_db(GetParam(), path_).get()), {{"a", "1"}, {"b", "2"}});
}

TEST_P(Db, AnEmptyOneHasNoRecords) {
  make_db(GetParam(), path_, {});
  DbRecord record;
  EXPECT_FALSE(open_db(GetParam(), path_)->next(&record));
}

TEST_P(Db, CursorsOfOneProcessReadSideBySide) {
  const Records made = records(20);
  make_db(GetParam(), path_, made);
  const auto first = open_db(GetParam(), path_), second = open_db(GetParam(), path_ + "/.");
  expect_equal(rest(first.get()), made);
  expect_equal(rest(second.get()), made);
}

TEST_P(Db, WhatIsThereIsNotOverwritten) {
  make_db(GetParam(), path_, records(1));
  expect_error(Code::kIo, path_, [&] { create_db(GetParam(), path_); });
}

TEST_P(Db, WhatIsNotThereIsNotMade) {
  expect_error(Code::kIo, path_, [&] { open_db(GetParam(), path_); });
  EXPECT_FALSE(std::filesystem::exists(path_));
}

INSTANTIATE_TEST_SUITE_P(Kinds, Db, testing::Values(DataParameter::LMDB, DataParameter::LEVELDB),
                         [](const auto& kind) { return DataParameter::DB_Name(kind.param); });

// Either all records or an error that names the database; never anything else.
void expect_records_or_error(DataParameter::DB backend, const std::string& path, size_t most) {
  try {
    EXPECT_LE(rest(open_db(backend, path).get()).size(), most);
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find(path), std::string::npos) << e.what();
  }
}

TEST(Lmdb, MayBeASingleFile) {
  const TempDir dir;
  make_db(DataParameter::LMDB, dir / "db", records(3));
  expect_equal(rest(open_db(DataParameter::LMDB, dir / "db/data.mdb").get()), records(3));
}

TEST(Lmdb, AnyCutIsAnError) {
  const TempDir dir;
  make_db(DataParameter::LMDB, dir / "db", records(300));
  const std::string whole = read_file(dir / "db/data.mdb");
  // The last pages need not be in use.
  for (size_t size = 0; size + 50000 < whole.size(); size += 3001) {
    write_file(dir / "cut", whole.substr(0, size));
    expect_error(Code::kParse, dir / "cut",
                 [&] { rest(open_db(DataParameter::LMDB, dir / "cut").get()); });
  }
  for (size_t size = whole.size() - 50000; size < whole.size(); size += 777) {
    write_file(dir / "cut", whole.substr(0, size));
    expect_records_or_error(DataParameter::LMDB, dir / "cut", 300);
  }
}

TEST(Lmdb, DamageIsNoDisaster) {
  const TempDir dir;
  make_db(DataParameter::LMDB, dir / "db", records(300));
  const std::string whole = read_file(dir / "db/data.mdb");
  std::mt19937 random(3);
  for (int i = 0; i < 400; ++i) {
    std::string damaged = whole;
    // Often in the first pages and at the starts of pages, where the structure is.
    for (int k = 0; k < 8; ++k) {
      const size_t page = i % 2 ? random() % 2 : random() % (whole.size() / 4096);
      damaged[page * 4096 + random() % 160] = static_cast<char>(random());
    }
    write_file(dir / "damaged", damaged);
    expect_records_or_error(DataParameter::LMDB, dir / "damaged", 300);
  }
}

TEST(Lmdb, PagesMayBeSmall) {
  const TempDir dir;
  const std::string large(600, 'x');
  LmdbPages pages;
  const uint64_t first = pages.leaf({{"a", "1"}, {"b", large}}), second = pages.leaf({{"c", ""}});
  write_file(dir / "small", pages.file(pages.branch({first, second}), 2, 3));
  expect_equal(rest(open_db(DataParameter::LMDB, dir / "small").get()),
               {{"a", "1"}, {"b", large}, {"c", ""}});
}

// A tree whose pages have 24 ways each to the next one, and no records at its end.
TEST(Lmdb, PagesThatLeadToEachOtherAreNotFollowedForEver) {
  const TempDir dir;
  LmdbPages pages;
  uint64_t root = pages.leaf({});
  constexpr uint16_t kDepth = 20;
  for (int i = 1; i < kDepth; ++i) root = pages.branch(std::vector<uint64_t>(24, root));
  write_file(dir / "ways", pages.file(root, kDepth, 5));
  const auto cursor = open_db(DataParameter::LMDB, dir / "ways");
  DbRecord record;
  for (int pass = 0; pass < 2; ++pass) {
    expect_error(Code::kParse, "ways' is damaged: its pages lead to each other",
                 [&] { cursor->next(&record); });
    cursor->rewind();
  }
}

TEST(Lmdb, OtherFilesAreRefused) {
  const TempDir dir;
  write_file(dir / "text", std::string(10000, 'x'));
  expect_error(Code::kParse, "text' is no LMDB",
               [&] { open_db(DataParameter::LMDB, dir / "text"); });
}

TEST(LevelDb, DamageIsNoDisaster) {
  const TempDir dir;
  make_db(DataParameter::LEVELDB, dir / "db", records(300));
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(dir / "db")) {
    if (entry.file_size() > 0) files.push_back(entry.path().filename());
  }
  std::mt19937 random(3);
  for (int i = 0; i < 40; ++i) {
    const std::string copy = dir / cat("copy", i);
    std::filesystem::copy(dir / "db", copy);
    const std::string name = copy + "/" + files[i % files.size()];
    std::string content = read_file(name);
    if (i % 3 == 0) {
      content.resize(random() % content.size());
    } else {
      content[random() % content.size()] ^= 0x41;
    }
    write_file(name, content);
    expect_records_or_error(DataParameter::LEVELDB, copy, 300);
  }
}

TEST(DbKey, IsShownInPrintableForm) {
  EXPECT_EQ(printable_key(std::string("a\0b\xff", 4)), "a\\x00b\\xff");
  EXPECT_EQ(printable_key(std::string(70, 'k')), std::string(64, 'k') + "...");
}

}  // namespace
}  // namespace test
}  // namespace caffe
