// Storage: formats, laziness, pinning.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

#include "caffe/storage.hpp"

namespace caffe {
namespace {

// Reverses the order of its elements and adds `padding` zeros: easy to tell from plain.
class Reversed : public Format {
 public:
  std::string text() const override { return "reversed"; }
  explicit Reversed(size_t count, size_t padding = 0) : count_(count), padding_(padding) {}
  size_t size() const override { return count_ + padding_; }
  bool equals(const Format& other) const override {
    const auto* that = dynamic_cast<const Reversed*>(&other);
    return that != nullptr && that->count_ == count_ && that->padding_ == padding_;
  }
  void pack(const float* plain, float* packed) const override {
    std::reverse_copy(plain, plain + count_, packed);
    std::fill_n(packed + count_, padding_, 0.0f);
    ++conversions;
  }
  void unpack(const float* packed, float* plain) const override {
    std::reverse_copy(packed, packed + count_, plain);
    ++conversions;
  }
  bool convert(const float*, const Format&, float*) const override { return false; }

  mutable int conversions = 0;

 private:
  size_t count_, padding_;
};

void count_up(Storage<float>& storage) {
  float* values = storage.write();
  std::iota(values, values + storage.count(), 0.0f);
  storage.written();
}

TEST(Storage, NewMemoryIsZero) {
  Storage<double> storage(5);
  EXPECT_TRUE(storage.is_zero());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(storage.read()[i], 0.0);
}

TEST(Storage, ValuesComeBackInEveryFormat) {
  auto format = std::make_shared<Reversed>(4, 2);
  Storage<float> storage(4);
  count_up(storage);
  const float* packed = storage.read(format);
  EXPECT_EQ(packed[0], 3.0f);
  EXPECT_EQ(packed[5], 0.0f);
  storage.read_write(format)[0] = 7.0f;
  storage.written(format);
  EXPECT_EQ(storage.read()[3], 7.0f);
}

TEST(Storage, ConvertsOncePerWrite) {
  auto format = std::make_shared<Reversed>(4);
  Storage<float> storage(4);
  count_up(storage);
  storage.read(format);
  storage.read(format);
  storage.read(std::make_shared<Reversed>(4));  // an equal format is the same copy
  EXPECT_EQ(format->conversions, 1);
  count_up(storage);
  storage.read(format);
  EXPECT_EQ(format->conversions, 2);
}

TEST(Storage, TwoPackedFormatsMeetThroughPlainOrder) {
  auto a = std::make_shared<Reversed>(3);
  auto b = std::make_shared<Reversed>(3, 5);
  Storage<float> storage(3);
  float* values = storage.write(a);
  std::iota(values, values + 3, 1.0f);  // plain order: 3 2 1
  storage.written(a);
  const float* packed = storage.read(b);
  EXPECT_EQ(packed[0], 1.0f);
  EXPECT_EQ(packed[2], 3.0f);
  EXPECT_EQ(storage.read()[0], 3.0f);
}

TEST(Storage, ZeroIsForgottenByWritesAndReadAsZeros) {
  auto format = std::make_shared<Reversed>(4, 1);
  Storage<float> storage(4);
  count_up(storage);
  storage.read(format);
  storage.set_zero();
  EXPECT_TRUE(storage.is_zero());
  EXPECT_EQ(storage.read()[3], 0.0f);
  EXPECT_EQ(storage.read(format)[0], 0.0f);
  EXPECT_TRUE(storage.is_zero());
  count_up(storage);
  EXPECT_FALSE(storage.is_zero());
}

TEST(Storage, PinnedMemoryIsTheTruth) {
  auto format = std::make_shared<Reversed>(3);
  Storage<float> storage(3);
  count_up(storage);
  float* pinned = storage.pin();
  EXPECT_EQ(storage.read(format)[0], 2.0f);
  pinned[2] = 9.0f;  // unseen by the storage
  EXPECT_EQ(storage.read(format)[0], 9.0f);
  float* packed = storage.write(format);
  std::fill_n(packed, 3, 5.0f);
  storage.written(format);
  EXPECT_EQ(pinned[0], 5.0f);
  storage.set_zero();
  EXPECT_EQ(pinned[1], 0.0f);
  EXPECT_EQ(storage.read(), pinned);
}

TEST(Storage, GrowingKeepsValues) {
  Storage<float> storage(3);
  count_up(storage);
  storage.resize(100);
  EXPECT_EQ(storage.read()[2], 2.0f);
  EXPECT_EQ(storage.read()[99], 0.0f);
  storage.resize(2);
  EXPECT_EQ(storage.read()[1], 1.0f);
}

TEST(Storage, DropsValuesThatAreComputedAnew) {
  const auto format = std::make_shared<Reversed>(3, 1), larger = std::make_shared<Reversed>(5, 1);
  Storage<float> storage(5);
  storage.drop_on_resize();
  std::fill_n(storage.write(larger), 6, 7.0f);
  const float* memory = storage.read(larger);
  storage.resize(3);
  EXPECT_TRUE(storage.is_zero());
  EXPECT_EQ(storage.conversions(), 0);
  // In the memory that is there, with padding that is zero.
  float* packed = storage.write(format);
  EXPECT_EQ(packed, memory);
  EXPECT_EQ(packed[3], 0);
  // What somebody holds a pointer to stays.
  storage.pin()[0] = 1;
  storage.resize(4);
  EXPECT_EQ(storage.read()[0], 1);
}

TEST(Storage, TakesOverWhatAnotherHas) {
  const auto pool = std::make_shared<ArrayPool<float>>();
  const auto format = std::make_shared<Reversed>(3);
  Storage<float> from(3), to(3);
  for (Storage<float>* storage : {&from, &to}) storage->share_pool(pool);
  std::iota(from.write(format), from.write(format) + 3, 1.0f);
  const float* memory = from.read(format);
  to.write()[0] = 7;

  pool->open(false);
  EXPECT_FALSE(to.take(from));
  pool->open(true);
  EXPECT_FALSE(to.take(to));
  ASSERT_TRUE(to.take(from));
  EXPECT_EQ(pool->bytes(), 3 * sizeof(float));  // what it had before
  EXPECT_EQ(to.read(format), memory);
  EXPECT_EQ(std::vector<float>(to.read(), to.read() + 3), std::vector<float>({3, 2, 1}));
  EXPECT_TRUE(from.released());
}

TEST(Storage, LeavesWhatOthersMaySeeWhereItIs) {
  const auto pool = std::make_shared<ArrayPool<float>>();
  Storage<float> alone(2), larger(3), zero(2), handed_out(2), to(2);
  for (Storage<float>* storage : {&larger, &zero, &handed_out, &to}) storage->share_pool(pool);
  for (Storage<float>* storage : {&alone, &larger}) storage->write()[0] = 1;
  handed_out.pin()[0] = 1;
  for (Storage<float>* from : {&alone, &larger, &zero, &handed_out}) EXPECT_FALSE(to.take(*from));
  EXPECT_EQ(handed_out.read()[0], 1);
}

// The flags of the mapping that has this address.
std::string flags_of(const void* address) {
  std::ifstream maps("/proc/self/smaps");
  const auto wanted = reinterpret_cast<uintptr_t>(address);
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    uintptr_t first = 0, last = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &first, &last) == 2) {
      inside = first <= wanted && wanted < last;
    } else if (inside && line.rfind("VmFlags:", 0) == 0) {
      return line + " ";
    }
  }
  return "";
}

TEST(Storage, LargeArraysAskForHugePages) {
  if (!std::ifstream("/sys/kernel/mm/transparent_hugepage/enabled")) {
    GTEST_SKIP() << "this system has no huge pages";
  }
  Storage<float> large(8 << 20), small(1000);  // of 32 MB
  const float* middle = large.read() + (4 << 20);
  EXPECT_NE(flags_of(middle).find(" hg "), std::string::npos) << flags_of(middle);
  EXPECT_EQ(flags_of(small.read()).find(" hg "), std::string::npos);
}

TEST(Storage, ResizingAZeroStorageLeavesZeros) {
  Storage<float> storage(4);
  count_up(storage);
  storage.set_zero();
  storage.resize(8);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(storage.read()[i], 0.0f);
}

TEST(Storage, KeepOnlyPlainSavesPackedValues) {
  auto format = std::make_shared<Reversed>(2);
  Storage<float> storage(2);
  float* packed = storage.write(format);
  packed[0] = 1.0f;
  packed[1] = 2.0f;
  storage.written(format);
  storage.keep_only_plain();
  EXPECT_EQ(storage.current_format(), nullptr);
  EXPECT_EQ(storage.read()[0], 2.0f);
}

}  // namespace
}  // namespace caffe
