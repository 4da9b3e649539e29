// PNGs: as they are, and with the checksums of their chunks made right, which hardly any change
// would get past; decoded in every colour mode.
#include <zlib.h>

#include <cstdint>
#include <string>

#include "attempt.hpp"
#include "caffe/item.hpp"

namespace {

constexpr size_t kSignature = 8, kAround = 12;  // a chunk's length, name and checksum

uint32_t number_at(const std::string& bytes, size_t at) {
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i) number = number << 8 | static_cast<uint8_t>(bytes[at + i]);
  return number;
}

// Those are allowed, but a fuzzer has other things to do.
bool is_large(const std::string& bytes) {
  constexpr size_t kWidth = 16, kHeight = 20;
  return bytes.size() >= kHeight + 4 &&
         uint64_t{number_at(bytes, kWidth)} * number_at(bytes, kHeight) > 1 << 20;
}

void mend(std::string* bytes) {
  for (size_t at = kSignature; bytes->size() >= at + kAround;) {
    const size_t length = number_at(*bytes, at);
    if (length > bytes->size() - at - kAround) return;
    const auto* named = reinterpret_cast<const Bytef*>(bytes->data() + at + 4);
    const auto checksum = static_cast<uint32_t>(crc32(0, named, static_cast<uInt>(length + 4)));
    for (size_t i = 0; i < 4; ++i)
      (*bytes)[at + 8 + length + i] = static_cast<char>(checksum >> (24 - 8 * i));
    at += kAround + length;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace caffe;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  if (is_large(bytes)) return 0;
  fuzz::attempt([&] { decode_item(bytes.data(), size, ColorMode::kAsStored); });
  mend(&bytes);
  for (const ColorMode mode : {ColorMode::kAsStored, ColorMode::kColor, ColorMode::kGray})
    fuzz::attempt([&] { decode_item(bytes.data(), size, mode); });
  return 0;
}
