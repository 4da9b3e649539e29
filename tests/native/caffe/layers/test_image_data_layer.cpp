#include <set>

#include "support/data_files.hpp"
#include "support/expect_error.hpp"
#include "support/layer_case.hpp"
#include "support/temp_dir.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<float>;
using Values = std::vector<float>;

class ImageDataLayer : public testing::Test {
 protected:
  // Grey images g0.png... of one pixel of their number, and their list.
  void make_images(int count) {
    std::string list;
    for (int i = 0; i < count; ++i) {
      write_file(dir_ / cat("g", i, ".png"), png(1, 1, 1, {static_cast<uint8_t>(i)}));
      list += cat("g", i, ".png ", 10 * i, "\n");
    }
    write_file(list_, list);
  }
  std::string text(const std::string& fields) const {
    return cat("type: 'ImageData' image_data_param { source: '", list_, "' root_folder: '",
               dir_.path(), "/' ", fields, " }");
  }

  TempDir dir_;
  std::string list_ = dir_ / "list.txt";
};

TEST_F(ImageDataLayer, ReadsTheListInACircle) {
  make_images(3);
  Case layer(text("batch_size: 2 is_color: false"), {}, 2);
  layer.setup();
  EXPECT_EQ(layer.top(0).shape(), (Shape{2, 1, 1, 1}));
  const Values expected[] = {{0, 1}, {2, 0}, {1, 2}};
  for (int pass = 0; pass < 5; ++pass) {
    layer.forward();
    EXPECT_EQ(Case::data(layer.top(0)), expected[pass % 3]);
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(layer.top(1).cpu_data()[i], 10 * expected[pass % 3][i]);
    }
  }
}

TEST_F(ImageDataLayer, ColourIsBlueGreenRedAndTransformed) {
  write_file(dir_ / "a b.png", png(3, 1, 2, {1, 2, 3, 4, 5, 6}));
  write_file(list_, "a b.png -4 \r\n\n");
  Case layer(text("") + " transform_param { mean_value: 1 scale: 10 }", {}, 2);
  layer.setup().forward();
  EXPECT_EQ(layer.top(0).shape(), (Shape{1, 3, 1, 2}));
  EXPECT_EQ(Case::data(layer.top(0)), (Values{20, 50, 10, 40, 0, 30}));
  EXPECT_EQ(Case::data(layer.top(1)), (Values{-4}));
}

TEST_F(ImageDataLayer, Resizes) {
  write_file(dir_ / "a.png", png(1, 1, 2, {0, 100}));
  write_file(list_, "a.png 0\n");
  Case layer(text("is_color: false new_height: 2 new_width: 4"), {}, 2);
  layer.setup().forward();
  EXPECT_EQ(layer.top(0).shape(), (Shape{1, 1, 2, 4}));
  EXPECT_EQ(Case::data(layer.top(0)), (Values{0, 25, 75, 100, 0, 25, 75, 100}));
}

TEST_F(ImageDataLayer, EveryEpochIsShuffledAnew) {
  make_images(6);
  Case layer(text("batch_size: 6 is_color: false shuffle: true"), {}, 2);
  layer.setup();
  std::set<Values> orders;
  for (int epoch = 0; epoch < 5; ++epoch) {
    layer.forward();
    Values order = Case::data(layer.top(0));
    orders.insert(order);
    std::sort(order.begin(), order.end());
    EXPECT_EQ(order, (Values{0, 1, 2, 3, 4, 5}));
  }
  EXPECT_GE(orders.size(), 3u);
}

TEST_F(ImageDataLayer, RandomSkipStartsSomewhere) {
  make_images(4);
  std::set<float> starts;
  for (int seed = 0; seed < 40; ++seed) {
    Case layer(text("is_color: false rand_skip: 3"), {}, 2);
    layer.random().seed(seed);
    layer.setup().forward();
    starts.insert(layer.top(0).cpu_data()[0]);
  }
  EXPECT_EQ(starts, (std::set<float>{0, 1, 2}));
}

// The places of crops, and what a shuffle makes of the order before.
TEST_F(ImageDataLayer, DrawsFollowASeedFromTheBatchAfterTheNext) {
  std::vector<uint8_t> pixels(200);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i);
  std::string list;
  for (int i = 0; i < 4; ++i) {
    write_file(dir_ / cat("w", i, ".png"), png(1, 1, 200, pixels));
    list += cat("w", i, ".png ", i, "\n");
  }
  write_file(list_, list);
  // Of three epochs: the places of the crops, and where in the first of them each item was.
  const auto draws = [&](int64_t first, int64_t seed) {
    Case layer(
        text("batch_size: 4 is_color: false shuffle: true") + " transform_param { crop_size: 1 }",
        {}, 2);
    layer.setup_reseeded(first, seed);  // after the batch read ahead the order was shuffled
    Values order, all;
    for (int epoch = 0; epoch < 3; ++epoch) {
      layer.forward();
      const Values places = Case::data(layer.top(0)), labels = Case::data(layer.top(1));
      if (epoch == 0) order = labels;
      all.insert(all.end(), places.begin(), places.end());
      for (float label : labels) {
        all.push_back(
            static_cast<float>(std::find(order.begin(), order.end(), label) - order.begin()));
      }
    }
    return all;
  };
  const Values expected = draws(1, 9);
  EXPECT_EQ(draws(2, 9), expected);
  EXPECT_NE(draws(1, 8), expected);
}

TEST_F(ImageDataLayer, BrokenListsAndImages) {
  const auto refused = [&](const std::string& list, Code code, const std::string& part) {
    write_file(list_, list);
    Case layer(text(""), {}, 2);
    expect_error(code, part, [&] { layer.setup(); });
  };
  refused("\n", Code::kBadNet, "lists no images");
  for (const char* line : {"a.png", " 1", "a.png x", "a.png 1x", "a.png 99999999999"}) {
    refused(cat("\n", line, "\n"), Code::kParse, "list.txt' line 2: '");
  }
  refused("none.png 1\n", Code::kIo,
          cat("'", list_, "' line 1 (none.png): '", dir_ / "none.png",
              "' cannot be opened: No such file"));
  const std::string whole = png(1, 4, 4, std::vector<uint8_t>(16));
  write_file(dir_ / "cut.png", whole.substr(0, whole.size() - 20));
  refused("cut.png 1\n", Code::kParse, "cut.png': the PNG cannot be decoded");
  write_file(dir_ / "text.png", "text");
  refused("text.png 1\n", Code::kParse, "text.png': neither a JPEG nor a PNG");
  refused(".  1\n", Code::kIo, "(. )");
}

TEST_F(ImageDataLayer, Errors) {
  make_images(2);
  const auto refused = [&](const std::string& fields, Code code, const std::string& part) {
    Case layer(cat("type: 'ImageData' image_data_param { ", fields, " }"), {}, 2);
    expect_error(code, part, [&] { layer.setup(); });
  };
  const std::string source = cat("source: '", list_, "' ");
  refused("", Code::kBadNet, "image_data_param.source is missing");
  refused("source: 'no/list'", Code::kIo, "'no/list' cannot be opened");
  refused(source + "batch_size: 0", Code::kBadNet, "image_data_param.batch_size");
  refused(source + "new_height: 3", Code::kBadNet, "both new_height and new_width");
  refused(source + "new_height: 99999 new_width: 9", Code::kBadNet, "at most 32768");
  Case one(text(""), {}, 1);
  expect_error(Code::kBadNet, "makes exactly 2", [&] { one.setup(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
