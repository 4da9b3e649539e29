// The edge: what every function of ccaffe.h goes through.
#pragma once

// Only what the header declares is visible outside the library.
#pragma GCC visibility push(default)
#include "ccaffe.h"
#pragma GCC visibility pop

#include <exception>
#include <new>
#include <stdexcept>

#include "caffe/blob.hpp"

namespace ccaffe {

// Keeps `message` for ccaffe_last_error on this thread.
ccaffe_status record(caffe::Code code, const char* message) noexcept;

// Runs `body`; turns whatever leaves it into a status and a message.
template <typename Body>
ccaffe_status guard(const Body& body) noexcept {
  using caffe::Code;
  try {
    body();
    return CCAFFE_OK;
  } catch (const caffe::Error& e) {
    return record(e.code(), e.what());
  } catch (const std::bad_alloc&) {
    return record(Code::kOutOfMemory, "out of memory");
  } catch (const std::length_error&) {  // more than any memory could hold
    return record(Code::kOutOfMemory, "out of memory");
  } catch (const std::exception& e) {
    return record(Code::kInternal, e.what());
  } catch (...) {
    return record(Code::kInternal, "an unknown exception reached the C API");
  }
}

// Refuses null pointers by the argument's name.
template <typename T>
T* given(T* argument, const char* name) {
  caffe::require(argument != nullptr, caffe::Code::kInvalidArgument, name, " is null");
  return argument;
}

// Refuses an index that is not in 0..count-1.
inline void check_index(int64_t index, int64_t count, const char* name) {
  caffe::require(index >= 0 && index < count, caffe::Code::kInvalidArgument, name, " ", index,
                 " is not in 0..", count - 1);
}

// The shape of `num_axes` extents.
inline caffe::Shape given_shape(const int64_t* dims, int32_t num_axes) {
  caffe::require(num_axes >= 0 && num_axes <= caffe::kMaxBlobAxes, caffe::Code::kShape,
                 "a blob has 0..", caffe::kMaxBlobAxes, " axes, not ", num_axes);
  if (num_axes > 0) given(dims, "dims");
  return caffe::Shape(dims, dims + num_axes);
}

// Refuses a number of values that is not the expected one.
inline void check_count(int64_t count, int64_t expected) {
  caffe::require(count == expected, caffe::Code::kShape, count,
                 " values were given, but there are ", expected);
}

}  // namespace ccaffe
