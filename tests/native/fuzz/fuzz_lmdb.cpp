// LMDBs: gone through twice, from their first record to the last, or to an error.
#include <cstdint>

#include "attempt.hpp"
#include "caffe/db.hpp"
#include "memory_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace caffe;
  const fuzz::MemoryFile input(data, size);
  return fuzz::attempt([&] {
    const auto cursor = open_db(DataParameter::LMDB, input.name());
    DbRecord record;
    for (int pass = 0; pass < 2; ++pass) {
      while (cursor->next(&record)) printable_key(record.key);
      cursor->rewind();
    }
  });
}
