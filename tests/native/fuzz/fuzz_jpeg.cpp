// Images: decoded at full size and for a small target, then resized.
#include <cstdint>
#include <vector>

#include "attempt.hpp"
#include "caffe/image.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace caffe;
  return fuzz::attempt([&] {
    const ImageSize whole = jpeg_size(data, size);
    // Larger ones are allowed, but a fuzzer has other things to do.
    if (int64_t{whole.height} * whole.width > 1 << 20) return;
    const ImageSize target{9, 7};
    std::vector<uint8_t> planes(3 * target.height * target.width);
    resize_image(decode_jpeg(data, size), target, planes.data());
    resize_image(decode_jpeg(data, size, target), target, planes.data());
  });
}
