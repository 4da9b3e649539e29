#include "caffe/item.hpp"
#include "support/expect_error.hpp"
#include "support/images.hpp"

namespace caffe {
namespace test {
namespace {

Bytes resized(const Bytes& pixels, int old_height, int old_width, int height, int width) {
  Item item{1, old_height, old_width, std::string(pixels.begin(), pixels.end()), {}};
  const Item result = resize_item(item, height, width);
  return Bytes(result.bytes.begin(), result.bytes.end());
}

TEST(ResizeLinear, SameSizeIsTheSame) {
  EXPECT_EQ(resized({0, 1, 254, 255}, 2, 2, 2, 2), (Bytes{0, 1, 254, 255}));
}

// New pixel i is centred at (i + 0.5) * 2 / 4 - 0.5: -0.25, 0.25, 0.75, 1.25; what is beyond the
// edge is the edge.
TEST(ResizeLinear, Grows) {
  EXPECT_EQ(resized({0, 100}, 1, 2, 1, 4), (Bytes{0, 25, 75, 100}));
  EXPECT_EQ(resized({0, 100}, 2, 1, 4, 1), (Bytes{0, 25, 75, 100}));
}

// Centres at 1 and 4: single pixels, whatever lies between.
TEST(ResizeLinear, ShrinksWithoutAFilter) {
  EXPECT_EQ(resized({255, 10, 255, 255, 20, 255}, 1, 6, 1, 2), (Bytes{10, 20}));
}

TEST(ResizeLinear, HalvingAveragesFour) {
  EXPECT_EQ(resized({10, 20, 30, 40, 50, 60, 70, 80}, 2, 4, 1, 2), (Bytes{35, 55}));
}

TEST(ResizeLinear, ChannelsAreApart) {
  const Item item{2, 1, 1, "ab", {}};
  EXPECT_EQ(resize_item(item, 2, 1).bytes, "aabb");
  expect_error(Code::kInvalidArgument, "has no pixels", [&] { resize_item(item, 0, 1); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
