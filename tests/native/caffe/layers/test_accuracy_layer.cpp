#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<float>;

std::string accuracy(const std::string& fields) {
  return "type: 'Accuracy' accuracy_param { " + fields + " }";
}

// Scores of 4 items for 3 classes.
Case scored(const std::string& fields, int tops = 1) {
  Case layer(accuracy(fields), {{4, 3}, {4}}, tops);
  Case::set(layer.bottom(0), {1, 2, 3, 3, 2, 1, 1, 3, 2, 5, 5, 0});
  return layer;
}

TEST(AccuracyLayer, CountsBestAndTopK) {
  Case layer = scored("");
  Case::set(layer.bottom(1), {2, 1, 1, 2});
  layer.setup().forward();
  EXPECT_EQ(layer.top().num_axes(), 0);
  EXPECT_FLOAT_EQ(layer.top().cpu_data()[0], 0.5f);
  Case top2 = scored("top_k: 2");
  Case::set(top2.bottom(1), {2, 1, 1, 2});
  top2.setup().forward();
  EXPECT_FLOAT_EQ(top2.top().cpu_data()[0], 0.75f);
}

TEST(AccuracyLayer, TiesCountAgainst) {
  Case layer = scored("");
  Case::set(layer.bottom(1), {0, 1, 0, 0});
  layer.setup().forward();
  EXPECT_EQ(layer.top().cpu_data()[0], 0);
}

TEST(AccuracyLayer, NaNNeverCountsAsRight) {
  Case layer(accuracy(""), {{2, 2}, {2}});
  Case::set(layer.bottom(0), {std::nanf(""), 1, 1, std::nanf("")});
  Case::set(layer.bottom(1), {0, 0});
  layer.setup().forward();
  EXPECT_EQ(layer.top().cpu_data()[0], 0);
}

TEST(AccuracyLayer, IgnoredAndPerClass) {
  Case layer = scored("ignore_label: 1", 2);
  Case::set(layer.bottom(1), {2, 2, 1, 2});
  layer.setup().forward();
  EXPECT_FLOAT_EQ(layer.top().cpu_data()[0], 1 / 3.f);
  EXPECT_EQ(layer.top(1).shape(), (Shape{3}));
  EXPECT_EQ(Case::data(layer.top(1)), (std::vector<float>{0, 0, 1 / 3.f}));
  Case all = scored("ignore_label: 0");
  Case::set(all.bottom(1), {0, 0, 0, 0});
  all.setup().forward();
  EXPECT_EQ(all.top().cpu_data()[0], 0);
}

TEST(AccuracyLayer, SpatialAxis) {
  Case layer(accuracy("axis: 1"), {{1, 2, 2}, {1, 2}});
  Case::set(layer.bottom(0), {1, 4, 3, 2});  // position 0: 1, 3; position 1: 4, 2
  Case::set(layer.bottom(1), {1, 1});
  layer.setup().forward();
  EXPECT_FLOAT_EQ(layer.top().cpu_data()[0], 0.5f);
}

// More positions than are done at once: those of three labels that the scores put first, second and
// third.
TEST(AccuracyLayer, ManyPositions) {
  const int64_t inner = 300;
  for (const auto& [top_k, share] : {std::make_pair(1, 1.0f / 3), std::make_pair(2, 2.0f / 3)}) {
    Case layer(accuracy(cat("top_k: ", top_k)), {{2, 4, inner}, {2, inner}}, 2);
    std::vector<float> x(2 * 4 * inner), labels(2 * inner);
    for (int64_t i = 0; i < 2 * inner; ++i) {
      labels[i] = static_cast<float>(i / 3 % 4);
      for (int64_t c = 0; c < 4; ++c) {
        // The label has the score 2, and of the others i % 3 have more.
        const int64_t rank = (c - static_cast<int64_t>(labels[i]) + 4) % 4;
        const float score = rank == 0 ? 2.0f : rank <= i % 3 ? 3.0f : 1.0f;
        x[(i / inner * 4 + c) * inner + i % inner] = score;
      }
    }
    Case::set(layer.bottom(0), x);
    Case::set(layer.bottom(1), labels);
    layer.setup().forward();
    EXPECT_FLOAT_EQ(layer.top().cpu_data()[0], share);
    EXPECT_FLOAT_EQ(layer.top(1).cpu_data()[3], share);
  }
}

TEST(AccuracyLayer, Errors) {
  Case top_k = scored("top_k: 4");
  expect_error(Code::kShape, "top_k 4 is not in 1..3", [&] { top_k.setup(); });
  Case labels(accuracy(""), {{4, 3}, {3}});
  expect_error(Code::kShape, "need 4 labels", [&] { labels.setup(); });
  Case range = scored("");
  Case::set(range.bottom(1), {0, 3, 0, 0});
  range.setup();
  expect_error(Code::kNumeric, "label 3 of item 1 is not in 0..2", [&] { range.forward(); });
  Case::set(range.bottom(1), {0, 1, 0, 0});
  range.forward();
  expect_error(Code::kUnsupported, "no gradient", [&] { range.backward(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
