// Asserts the code and the message of an Error.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "caffe/error.hpp"

namespace caffe {
namespace test {

// Runs `body`, which must throw an Error of this code whose message contains `part`.
template <typename Body>
void expect_error(Code code, const std::string& part, const Body& body) {
  try {
    body();
  } catch (const Error& e) {
    EXPECT_EQ(static_cast<int>(e.code()), static_cast<int>(code)) << e.what();
    EXPECT_NE(std::string(e.what()).find(part), std::string::npos)
        << "'" << e.what() << "' does not contain '" << part << "'";
    return;
  }
  ADD_FAILURE() << "no Error; expected one with '" << part << "'";
}

}  // namespace test
}  // namespace caffe
