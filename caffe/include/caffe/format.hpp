// How a back end lays values out in memory.
#pragma once

#include <cstddef>
#include <memory>

namespace caffe {

// A memory format other than plain row-major order, e.g. a blocked one of oneDNN.
// Only back ends make formats; a null FormatPtr stands for plain order.
class Format {
 public:
  virtual ~Format() = default;
  // Elements that an array in this format takes, padding included.
  virtual size_t size() const = 0;
  virtual bool equals(const Format& other) const = 0;
  // Converts between plain order and this format. Padding is written as zeros.
  virtual void pack(const float* plain, float* packed) const = 0;
  virtual void unpack(const float* packed, float* plain) const = 0;
  // Converts directly to another format; false if it cannot.
  virtual bool convert(const float* packed, const Format& to, float* out) const = 0;
};

using FormatPtr = std::shared_ptr<const Format>;

inline bool same_format(const FormatPtr& a, const FormatPtr& b) {
  return a == b || (a && b && a->equals(*b));
}

}  // namespace caffe
