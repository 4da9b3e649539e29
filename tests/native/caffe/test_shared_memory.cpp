#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "caffe/error.hpp"
#include "caffe/shared_memory.hpp"
#include "support/expect_error.hpp"

namespace caffe {
namespace {

using test::expect_error;

// What a neighbour reads, as floats.
std::vector<float> read(const NeighbourMemory& memory, int64_t number, size_t from, size_t count) {
  std::vector<float> values(count);
  memory.read(number, 4 * from, values.data(), 4 * count);
  return values;
}

void fill(const SharedMemory& memory, std::vector<float> values) {
  std::memcpy(memory.data(), values.data(), 4 * values.size());
}

TEST(SharedMemory, IsZeroAndOnAPageOfItsOwn) {
  const SharedMemory memory(10000);
  EXPECT_EQ(std::vector<char>(memory.data(), memory.data() + 10000), std::vector<char>(10000));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(memory.data()) % 4096, 0U);
}

TEST(SharedMemory, IsReadByAnotherProcess) {
  SharedMemory memory(12);
  fill(memory, {1, 2, 3});
  memory.show(7);
  const pid_t child = ::fork();
  if (child == 0) {
    // Its own copy of the mapping says nothing: the name leads to the parent's descriptor.
    const NeighbourMemory seen(memory.name());
    ::_exit(read(seen, 7, 1, 2) == std::vector<float>{2, 3} ? 0 : 1);
  }
  int status = 1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(SharedMemory, GivesNothingButWhatIsShown) {
  SharedMemory memory(4);
  const NeighbourMemory seen(memory.name());
  expect_error(Code::kState, "not there any more", [&] { read(seen, 0, 0, 1); });
  expect_error(Code::kState, "content 1 of a neighbour's memory", [&] { read(seen, 1, 0, 1); });
  fill(memory, {5});
  memory.show(1);
  EXPECT_EQ(read(seen, 1, 0, 1), std::vector<float>{5});
  expect_error(Code::kState, "content 2", [&] { read(seen, 2, 0, 1); });
  memory.show(0);
  expect_error(Code::kState, "content 1", [&] { read(seen, 1, 0, 1); });
}

TEST(SharedMemory, HasAnEnd) {
  SharedMemory memory(8);
  memory.show(1);
  expect_error(Code::kState, "no 8 bytes", [&] { read(NeighbourMemory(memory.name()), 1, 1, 2); });
}

// Each content is its number all over: a mixture is what must never be taken for any of them.
TEST(SharedMemory, NeverGivesAMixture) {
  constexpr size_t kCount = 1 << 16;
  SharedMemory memory(4 * kCount);
  std::atomic<bool> done{false};
  std::atomic<int64_t> latest{0}, reads{0};
  std::thread writer([&] {
    for (int64_t number = 1; !done; ++number) {
      memory.show(0);
      fill(memory, std::vector<float>(kCount, static_cast<float>(number)));
      memory.show(number);
      latest = number;
      // One may read it in peace; the next one meets the change.
      for (const int64_t before = reads; reads < before + 2 && !done;) std::this_thread::yield();
    }
  });
  const NeighbourMemory seen(memory.name());
  int whole = 0;
  for (int tries = 0; tries < 100000 && whole < 200; ++tries) {
    const int64_t number = latest;
    try {
      const auto values = read(seen, number, 0, kCount);
      EXPECT_EQ(values, std::vector<float>(kCount, static_cast<float>(number)));
      ++whole;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kState);
    }
    ++reads;
  }
  done = true;
  writer.join();
  EXPECT_EQ(whole, 200);
}

TEST(SharedMemory, ThatIsGoneIsNotFound) {
  auto memory = std::make_unique<SharedMemory>(4);
  memory->show(1);
  const std::string name = memory->name();
  const NeighbourMemory open(name);
  memory.reset();
  expect_error(Code::kState, "not there any more", [&] { read(open, 1, 0, 1); });
  expect_error(Code::kIo, "memory of process", [&] { NeighbourMemory{name}; });
}

TEST(SharedMemory, IsNotTakenForAnother) {
  const SharedMemory memory(4);
  std::string other = memory.name();
  other.back() = other.back() == '1' ? '2' : '1';
  expect_error(Code::kIo, "not there any more", [&] { NeighbourMemory{other}; });
  for (const char* name : {"", "x", "1", "1 2", "-1 -1 5"})
    expect_error(Code::kIo, *name == '-' ? "process -1" : "not the name",
                 [&] { NeighbourMemory{name}; });
}

// A descriptor with the same number may be a pipe by now: nobody waits for a writer.
TEST(SharedMemory, IsNotSoughtInAPipe) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  expect_error(Code::kIo, "not there",
               [&] { NeighbourMemory{cat(::getpid(), ' ', ends[0], " 5")}; });
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(SharedMemory, IsPrivateWhereFilesMayNotBeSoLarge) {
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit little{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &little);
    SharedMemory memory(1 << 20);
    memory.data()[(1 << 20) - 1] = 1;
    ::_exit(memory.name().empty() ? 0 : 1);
  }
  int status = 1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(SharedMemory, TooLargeIsAnError) {
  EXPECT_THROW(SharedMemory(SIZE_MAX), std::bad_alloc);
  EXPECT_THROW(SharedMemory(SIZE_MAX / 4), std::bad_alloc);
}

}  // namespace
}  // namespace caffe
