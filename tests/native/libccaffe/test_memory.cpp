#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "support/ccaffe_client.hpp"

namespace ccaffe_test {
namespace {

TEST(CMemory, IsReadByItsName) {
  ccaffe_memory* memory = nullptr;
  ok(ccaffe_memory_create(8, &memory));
  void* data = nullptr;
  const char* name = nullptr;
  ok(ccaffe_memory_data(memory, &data, &name));
  const float values[] = {1, 2};
  std::memcpy(data, values, sizeof values);
  ok(ccaffe_memory_show(memory, 3));
  ccaffe_neighbour* neighbour = nullptr;
  ok(ccaffe_neighbour_open(name, &neighbour));
  float second = 0;
  ok(ccaffe_neighbour_read(neighbour, 3, 4, &second, 4));
  EXPECT_EQ(second, 2);
  expect_status(ccaffe_neighbour_read(neighbour, 2, 4, &second, 4), CCAFFE_STATE, "content 2");
  expect_status(ccaffe_neighbour_read(neighbour, 3, 4, &second, -4), CCAFFE_INVALID_ARGUMENT,
                "-4 is negative");
  expect_status(ccaffe_neighbour_read(neighbour, 3, -1, &second, 4), CCAFFE_INVALID_ARGUMENT,
                "-1 is negative");
  ok(ccaffe_memory_destroy(memory));
  expect_status(ccaffe_neighbour_read(neighbour, 3, 4, &second, 4), CCAFFE_STATE, "content 3");
  ok(ccaffe_neighbour_destroy(neighbour));
  expect_status(ccaffe_neighbour_read(neighbour, 3, 4, &second, 4), CCAFFE_INVALID_HANDLE,
                "live neighbour");
  expect_status(ccaffe_memory_show(memory, 4), CCAFFE_INVALID_HANDLE, "live memory");
}

TEST(CMemory, RefusesWhatCannotBe) {
  ccaffe_memory* memory = nullptr;
  expect_status(ccaffe_memory_create(-1, &memory), CCAFFE_INVALID_ARGUMENT, "-1 is negative");
  expect_status(ccaffe_memory_create(INT64_MAX / 2, &memory), CCAFFE_OUT_OF_MEMORY, "memory");
  EXPECT_EQ(memory, nullptr);
  ccaffe_neighbour* neighbour = nullptr;
  expect_status(ccaffe_neighbour_open("nothing", &neighbour), CCAFFE_IO, "'nothing'");
  expect_status(ccaffe_neighbour_open(nullptr, &neighbour), CCAFFE_INVALID_ARGUMENT, "name");
  EXPECT_EQ(neighbour, nullptr);
}

}  // namespace
}  // namespace ccaffe_test
