#include "caffe/item.hpp"
#include "support/data_files.hpp"
#include "support/expect_error.hpp"
#include "support/images.hpp"
#include "support/temp_dir.hpp"

namespace caffe {
namespace test {
namespace {

Item decoded(const std::string& file, ColorMode mode) {
  return decode_item(file.data(), file.size(), mode);
}

TEST(Item, ChannelsAreBlueGreenRed) {
  const std::string file = png(3, 1, 2, {1, 2, 3, 4, 5, 6});
  for (ColorMode mode : {ColorMode::kAsStored, ColorMode::kColor}) {
    const Item item = decoded(file, mode);
    EXPECT_EQ(item.channels, 3);
    EXPECT_EQ(item.height, 1);
    EXPECT_EQ(item.width, 2);
    EXPECT_EQ(item.bytes, std::string("\3\6\2\5\1\4"));
  }
}

TEST(Item, GreyIsAWeightedSum) {
  const Item item = decoded(png(3, 1, 2, {255, 0, 0, 10, 200, 30}), ColorMode::kGray);
  EXPECT_EQ(item.channels, 1);
  EXPECT_EQ(static_cast<uint8_t>(item.bytes[0]), 76);   // 0.299 * 255 = 76.2
  EXPECT_EQ(static_cast<uint8_t>(item.bytes[1]), 124);  // 2.99 + 117.4 + 3.42 = 123.8
}

TEST(Item, StoredChannelsAreKept) {
  EXPECT_EQ(decoded(png(1, 1, 1, {5}), ColorMode::kAsStored).bytes, "\5");
  EXPECT_EQ(decoded(png(1, 1, 1, {5}), ColorMode::kColor).bytes, "\5\5\5");
  const Item clear = decoded(png(4, 1, 1, {1, 2, 3, 4}), ColorMode::kAsStored);
  EXPECT_EQ(clear.channels, 4);
  EXPECT_EQ(clear.bytes, "\3\2\1\4");
  EXPECT_EQ(decoded(png(4, 1, 1, {1, 2, 3, 4}), ColorMode::kColor).bytes, "\3\2\1");
  const Bytes grey = image_file("grey.jpg"), colour = image_file("rgb.jpg");
  EXPECT_EQ(decode_item(grey.data(), grey.size(), ColorMode::kAsStored).channels, 1);
  EXPECT_EQ(decode_item(colour.data(), colour.size(), ColorMode::kAsStored).channels, 3);
}

TEST(Item, FilesThatAreNoImages) {
  const TempDir dir;
  write_file(dir / "a.txt", "text");
  expect_error(Code::kParse, "a.txt': neither a JPEG nor a PNG",
               [&] { read_image_file(dir / "a.txt", ColorMode::kColor); });
  expect_error(Code::kIo, "none.jpg' cannot be opened",
               [&] { read_image_file(dir / "none.jpg", ColorMode::kColor); });
}

TEST(Item, OfADatum) {
  EXPECT_EQ(to_item(datum(1, 1, 2, "ab", 0), ColorMode::kColor).bytes, "ab");
  Datum floats = datum(1, 2, 1, "", 0);
  floats.add_float_data(0.5);
  floats.add_float_data(-2);
  EXPECT_EQ(to_item(std::move(floats), ColorMode::kAsStored).floats, (std::vector<float>{0.5, -2}));
  Datum encoded;
  encoded.set_encoded(true);
  encoded.set_data(png(3, 1, 1, {1, 2, 3}));
  EXPECT_EQ(to_item(std::move(encoded), ColorMode::kAsStored).bytes, "\3\2\1");
}

TEST(Item, OfADatumThatContradictsItself) {
  const auto refused = [](Datum made, const std::string& part) {
    expect_error(Code::kParse, part, [&] { to_item(std::move(made), ColorMode::kAsStored); });
  };
  refused(datum(2, 1, 2, "abc", 0), "the datum has 3 bytes for 2 x 1 x 2");
  refused(datum(0, 1, 1, "", 0), "not positive");
  refused(datum(-1, 1, 1, "a", 0), "not positive");
  refused(datum(1, 1, 1, "", 0), "the datum has 0 values for 1 x 1 x 1");
  refused(datum(INT32_MAX, INT32_MAX, INT32_MAX, "a", 0), "the datum has 1 bytes");
  refused(datum(INT32_MAX, 65536, 65536, "a", 0), "the datum has 1 bytes");
}

TEST(Item, Crop) {
  const Item item{2, 2, 3, "abcdefghijkl", {}};
  EXPECT_EQ(crop_item(item, 1, 1, 1, 2).bytes, "efkl");
  expect_error(Code::kInvalidArgument, "not inside an image of 2x3",
               [&] { crop_item(item, 1, 1, 1, 3); });
  expect_error(Code::kInvalidArgument, "not inside", [&] { crop_item(item, -1, 0, 1, 1); });
  expect_error(Code::kInvalidArgument, "not inside", [&] { crop_item(item, 0, 0, 0, 1); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
