// What counts as an answer to a bad input.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <new>
#include <stdexcept>

#include "caffe/error.hpp"

namespace caffe {
namespace fuzz {

// Runs `body`. An error with a name, or memory that was asked for and refused, is an answer;
// an internal error is a bug, as is whatever else leaves `body`. Returns what a fuzz target does.
template <typename Body>
int attempt(const Body& body) {
  try {
    body();
  } catch (const Error& e) {
    if (e.code() == Code::kInternal || *e.what() == '\0') {
      std::fprintf(stderr, "internal error or one without a message: %s\n", e.what());
      std::abort();
    }
  } catch (const std::bad_alloc&) {
  } catch (const std::length_error&) {
  }
  return 0;
}

}  // namespace fuzz
}  // namespace caffe
