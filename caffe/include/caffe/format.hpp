// How a back end lays values out in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace caffe {

// A memory format other than plain row-major order, e.g. a blocked one of oneDNN.
// Only back ends make formats; a null FormatPtr stands for plain order.
class Format {
 public:
  virtual ~Format() = default;
  // Elements that an array in this format takes, padding included.
  virtual size_t size() const = 0;
  virtual bool equals(const Format& other) const = 0;
  // For people to read.
  virtual std::string text() const = 0;
  // Converts between plain order and this format. Padding is written as zeros.
  virtual void pack(const float* plain, float* packed) const = 0;
  virtual void unpack(const float* packed, float* plain) const = 0;
  // Converts directly to another format; false if it cannot.
  virtual bool convert(const float* packed, const Format& to, float* out) const = 0;
  // The number of channels (axis 1) that lie side by side at each pixel if the order is items,
  // blocks of channels, pixels, channels of the block, the last block being filled up with zeros.
  // Channels-last order is one block of them all. 0: another order.
  virtual int64_t channel_block() const { return 0; }
  // This order for as many channels; null if it is not one of blocks of channels.
  virtual std::shared_ptr<const Format> with_channels(int64_t /*channels*/) const {
    return nullptr;
  }
};

using FormatPtr = std::shared_ptr<const Format>;

inline bool same_format(const FormatPtr& a, const FormatPtr& b) {
  return a == b || (a && b && a->equals(*b));
}

// As Format's; plain order has blocks of one channel.
inline int64_t channel_block(const FormatPtr& format) {
  return format ? format->channel_block() : 1;
}

}  // namespace caffe
