#include "caffe/layers/window_file.hpp"
#include "support/data_files.hpp"
#include "support/expect_error.hpp"
#include "support/layer_case.hpp"
#include "support/temp_dir.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<float>;
using Values = std::vector<float>;

// One grey image of 6 rows and 8 columns; row y, column x is 10 y + x.
class WindowDataLayer : public testing::Test {
 protected:
  void SetUp() override {
    std::vector<uint8_t> pixels;
    for (int y = 0; y < 6; ++y) {
      for (int x = 0; x < 8; ++x) pixels.push_back(static_cast<uint8_t>(10 * y + x));
    }
    write_file(dir_ / "a.png", png(1, 6, 8, pixels));
  }
  // windows: "label overlap x1 y1 x2 y2" each.
  void make(const std::vector<std::string>& windows) {
    std::string text = cat("# 0\na.png\n1 6 8\n", windows.size(), "\n");
    for (const std::string& window : windows) text += window + "\n";
    write_file(file_, text);
  }
  std::string text(const std::string& fields, const std::string& transform) const {
    return cat("type: 'WindowData' window_data_param { source: '", file_, "' root_folder: '",
               dir_.path(), "/' ", fields, " } transform_param { ", transform, " }");
  }

  TempDir dir_;
  std::string file_ = dir_ / "windows.txt";
};

TEST_F(WindowDataLayer, ForegroundComesAfterBackground) {
  make({"3 0.9 0 0 1 1", "2 0.1 6 4 7 5", "4 0.55 3 3 4 4"});
  Case layer(
      text("batch_size: 5 fg_fraction: 0.5 fg_threshold: 0.6 bg_threshold: 0.5", "crop_size: 2"),
      {}, 2);
  layer.setup();
  EXPECT_EQ(layer.top(0).shape(), (Shape{5, 1, 2, 2}));
  layer.forward();
  EXPECT_EQ(Case::data(layer.top(1)), (Values{0, 0, 0, 3, 3}));
  EXPECT_EQ(Case::data(layer.top(0)), (Values{46, 47, 56, 57, 46, 47, 56, 57, 46, 47, 56, 57,  //
                                              0,  1,  10, 11, 0,  1,  10, 11}));
}

TEST_F(WindowDataLayer, AWindowIsWarpedToTheSquare) {
  make({"1 1 1 0 4 1"});  // four columns, two rows
  Case layer(text("batch_size: 1 fg_fraction: 1 scale: 2", "crop_size: 2 mean_value: 1"), {}, 2);
  layer.setup().forward();
  // Columns 1, 2 and 3, 4 averaged and rounded up, less 1, doubled.
  EXPECT_EQ(Case::data(layer.top(0)), (Values{2, 6, 22, 26}));
}

// Crop 4 with 1 pixel of context: a window of 2 x 2 grows by 4 / (4 - 2) about its centre, from
// columns and rows 2..3 to 1..5, ends included.
TEST_F(WindowDataLayer, ContextEnlargesTheWindow) {
  make({"1 1 2 2 3 3"});
  Case layer(text("batch_size: 1 fg_fraction: 1 context_pad: 1", "crop_size: 5"), {}, 2);
  layer.setup().forward();
  // 5 / (5 - 2) * 1 = 1.67: from 3 - 1.67 = 1.33 to 4.67, rounded 1..5: five pixels as they are.
  Values expected;
  for (int y = 1; y <= 5; ++y) {
    for (int x = 1; x <= 5; ++x) expected.push_back(static_cast<float>(10 * y + x));
  }
  EXPECT_EQ(Case::data(layer.top(0)), expected);
}

// The same window in the corner: -1..3, so that a row and a column are outside.
TEST_F(WindowDataLayer, WhatIsOutsideTheImageIsZero) {
  make({"1 1 0 0 1 1"});
  Case layer(text("batch_size: 1 fg_fraction: 1 context_pad: 1", "crop_size: 5 mean_value: 100"),
             {}, 2);
  layer.setup().forward();
  Values expected(25, 0);
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 4; ++x) expected[(y + 1) * 5 + x + 1] = 10.f * y + x - 100;
  }
  EXPECT_EQ(Case::data(layer.top(0)), expected);
}

// A mirrored window has its empty column on the other side.
TEST_F(WindowDataLayer, Mirror) {
  make({"1 1 0 0 1 1"});
  Case layer(text("batch_size: 20 fg_fraction: 1 context_pad: 1", "crop_size: 5 mirror: true"), {},
             2);
  layer.setup().forward();
  const Values values = Case::data(layer.top(0));
  int mirrored = 0;
  for (int i = 0; i < 20; ++i) {
    const Values row(values.begin() + 25 * i + 10, values.begin() + 25 * i + 15);  // 10, 11, ...
    mirrored += row[4] == 0;
    EXPECT_EQ(row, row[4] == 0 ? (Values{13, 12, 11, 10, 0}) : (Values{0, 10, 11, 12, 13}));
  }
  EXPECT_TRUE(mirrored > 0 && mirrored < 20) << mirrored;
}

TEST_F(WindowDataLayer, DrawsFollowASeedFromTheBatchAfterTheNext) {
  make({"1 1 0 0 1 1", "2 1 2 2 3 3", "3 1 4 4 5 5"});
  const auto draws = [&](int64_t first, int64_t seed) {
    Case layer(text("batch_size: 20 fg_fraction: 1", "crop_size: 2 mirror: true"), {}, 2);
    layer.setup_reseeded(first, seed).forward();
    return Case::data(layer.top(0));
  };
  const Values expected = draws(1, 9);
  EXPECT_EQ(draws(2, 9), expected);
  EXPECT_NE(draws(1, 8), expected);
}

// One row of five columns, as a square about its centre: 5 rows and columns and one more,
// as ends are included.
TEST_F(WindowDataLayer, SquareTakesTheLargerSide) {
  make({"1 1 1 2 5 2"});
  Case layer(text("batch_size: 1 fg_fraction: 1 crop_mode: 'square'", "crop_size: 6"), {}, 2);
  layer.setup().forward();
  Values expected;
  for (int y = 0; y <= 5; ++y) {
    for (int x = 1; x <= 6; ++x) expected.push_back(static_cast<float>(10 * y + x));
  }
  EXPECT_EQ(Case::data(layer.top(0)), expected);
}

TEST_F(WindowDataLayer, TheCentreOfTheMeanImageCounts) {
  make({"1 1 0 0 1 1"});
  BlobProto mean;
  mean.mutable_shape()->add_dim(1);
  mean.mutable_shape()->add_dim(4);
  mean.mutable_shape()->add_dim(4);
  for (int i = 0; i < 16; ++i) mean.add_data(static_cast<float>(i));
  write_binary_file(dir_ / "mean", mean);
  const std::string transform = cat("mean_file: '", dir_ / "mean", "' crop_size: ");
  Case layer(text("batch_size: 1 fg_fraction: 1 cache_images: true", transform + "2"), {}, 2);
  layer.setup().forward();
  layer.forward();
  EXPECT_EQ(Case::data(layer.top(0)), (Values{0 - 5, 1 - 6, 10 - 9, 11 - 10}));
  Case large(text("batch_size: 1 fg_fraction: 1", transform + "5"), {}, 2);
  expect_error(Code::kShape, "not 1 squares of at least 5", [&] { large.setup(); });
}

TEST_F(WindowDataLayer, BrokenFiles) {
  const auto refused = [&](const std::string& content, const std::string& part) {
    write_file(file_, content);
    WindowDataParameter param;
    param.set_source(file_);
    expect_error(Code::kParse, part, [&] { read_window_file(param); });
  };
  refused("", "lists no images");
  refused("0 a.png", "windows.txt', image 1 of the file: expected '# index' and a path");
  refused("# 0\na.png\n1 6", "expected channels, height, width");
  refused("# 0\na.png\n0 6 8\n0", "expected channels, height, width");
  refused("# 0\na.png\n1 6 8\n2\n1 1 0 0 1 1\n", "window 2 of 2 is not 'label overlap");
  refused("# 0\na.png\n1 6 8\n99999999999\n", "window 1 of 99999999999");
  refused("# 0\na.png\n1 6 8\n1\n0 1 0 0 1 1\n", "window 1 is foreground but has label 0");
  refused("# 0\na.png\n1 6 8\n1\n1 1 2 0 1 1\n", "window 1 has no pixels");
  refused("# 0\na.png\n1 6 8\n0\n# 1\nb.png\n3 6 8\n0\n", "image 2 of the file: it has 3 channels");
}

TEST_F(WindowDataLayer, WindowsOutsideTheirImage) {
  const auto refused = [&](const std::string& window, Code code, const std::string& part) {
    make({window});
    Case layer(text("batch_size: 1 fg_fraction: 1", "crop_size: 2"), {}, 2);
    layer.setup();
    expect_error(code, part, [&] { layer.forward(); });
  };
  refused("1 1 7 0 8 1", Code::kInvalidArgument,
          "a.png': rows 0 to 1, columns 7 to 8 are not inside");
  refused("1 1 -1 0 1 1", Code::kInvalidArgument, "a.png': rows 0 to 1, columns -1 to 1 are not");
  refused("1 1 0 0 2000000000 9", Code::kParse, "a.png': its window is far outside");
  make({"1 1 100 100 101 101"});
  Case far(text("batch_size: 1 fg_fraction: 1 context_pad: 1", "crop_size: 4"), {}, 2);
  far.setup();
  expect_error(Code::kInvalidArgument, "not inside an image of 6x8", [&] { far.forward(); });
}

TEST_F(WindowDataLayer, Errors) {
  make({"1 1 0 0 1 1"});
  const auto refused = [&](const std::string& fields, const std::string& transform,
                           const std::string& part) {
    Case layer(text(fields, transform), {}, 2);
    expect_error(Code::kBadNet, part, [&] { layer.setup(); });
  };
  refused("", "crop_size: 2", "window_data_param.batch_size must be positive");
  refused("batch_size: 1", "", "transform_param.crop_size must be");
  refused("batch_size: 1 context_pad: 1", "crop_size: 2", "context_pad must be less than half");
  refused("batch_size: 1 crop_mode: 'x'", "crop_size: 2", "crop_mode is 'x'");
  refused("batch_size: 1 fg_fraction: 2", "crop_size: 2", "fg_fraction must be from 0 to 1");
  refused("batch_size: 4", "crop_size: 2", "has no background windows");
  make({"1 0 0 0 1 1"});
  refused("batch_size: 4", "crop_size: 2", "has no foreground windows");
}

}  // namespace
}  // namespace test
}  // namespace caffe
