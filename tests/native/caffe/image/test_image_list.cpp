#include <gtest/gtest.h>

#include <fstream>

#include "caffe/image_list.hpp"
#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace caffe {
namespace test {
namespace {

std::vector<ListedImage> listed(const std::string& text) {
  TempDir dir;
  std::ofstream(dir / "list") << text;
  return read_image_list(dir / "list");
}

TEST(ImageList, PathsMayHoldSpaces) {
  const auto images = listed("a.jpg 3\n\n my photos/b c.png -1 \r\nd 0");
  ASSERT_EQ(images.size(), 3u);
  EXPECT_EQ(images[0].path, "a.jpg");
  EXPECT_EQ(images[0].label, 3);
  EXPECT_EQ(images[0].line, 1);
  EXPECT_EQ(images[1].path, " my photos/b c.png");
  EXPECT_EQ(images[1].label, -1);
  EXPECT_EQ(images[1].line, 3);
  EXPECT_EQ(images[2].path, "d");
}

TEST(ImageList, OtherLinesAreNamed) {
  for (const char* line : {"a.jpg", "a.jpg cat", "a.jpg 1.5", " 7", "a.jpg 99999999999"}) {
    expect_error(Code::kParse, "line 2: '", [&] { listed(std::string("a 1\n") + line); });
  }
  expect_error(Code::kBadNet, "lists no images", [] { listed("\n \n"); });
  expect_error(Code::kIo, "'no such list' cannot be opened",
               [] { read_image_list("no such list"); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
