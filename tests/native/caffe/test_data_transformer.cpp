#include <set>

#include "caffe/data_transformer.hpp"
#include "caffe/io.hpp"
#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace caffe {
namespace test {
namespace {

using Values = std::vector<float>;

// 2 x 3 x 4 bytes: 0, 1, 2, ...
Item ramp_item() {
  Item item{2, 3, 4, {}, {}};
  for (char i = 0; i < 24; ++i) item.bytes.push_back(i);
  return item;
}

struct Transformed {
  Shape shape;
  Values values;
};

class Case {
 public:
  Case(const std::string& text, Phase phase = TEST) {
    TransformationParameter param;
    parse_text(text, "test", &param);
    transformer_ = std::make_unique<DataTransformer<float>>(param, phase, &seeds_);
  }
  Transformed operator()(const Item& item) {
    Transformed result;
    result.shape = transformer_->shape(item);
    result.values.resize(product(result.shape));
    transformer_->transform(item, result.values.data());
    return result;
  }
  ColorMode color_mode() const { return transformer_->color_mode(); }

 private:
  Random seeds_{5};
  std::unique_ptr<DataTransformer<float>> transformer_;
};

TEST(DataTransformer, WithoutFieldsItCopies) {
  const Transformed result = Case("")(ramp_item());
  EXPECT_EQ(result.shape, (Shape{2, 3, 4}));
  for (int i = 0; i < 24; ++i) EXPECT_EQ(result.values[i], i);
}

TEST(DataTransformer, BytesAreUnsigned) {
  EXPECT_EQ(Case("")({1, 1, 2, "\x7f\xff", {}}).values, (Values{127, 255}));
}

TEST(DataTransformer, FloatsAreTaken) {
  EXPECT_EQ(Case("scale: 2 mean_value: 1")({1, 1, 2, "", {0.5, -3}}).values, (Values{-1, -8}));
}

TEST(DataTransformer, MeanComesBeforeScale) {
  EXPECT_EQ(Case("scale: 0.5 mean_value: 10")({1, 1, 2, "\x0a\x14", {}}).values, (Values{0, 5}));
}

TEST(DataTransformer, AMeanPerChannel) {
  EXPECT_EQ(Case("mean_value: 1 mean_value: 2")({2, 1, 1, "\4\4", {}}).values, (Values{3, 2}));
  expect_error(Code::kShape, "2 values mean_value, but the item 1 channels",
               [] { Case("mean_value: 1 mean_value: 2")({1, 1, 1, "a", {}}); });
}

// (3 - 2) / 2 = 0 rows down, (4 - 2) / 2 = 1 column in.
TEST(DataTransformer, TestTakesTheCentre) {
  const Transformed result = Case("crop_size: 2")(ramp_item());
  EXPECT_EQ(result.shape, (Shape{2, 2, 2}));
  EXPECT_EQ(result.values, (Values{1, 2, 5, 6, 13, 14, 17, 18}));
}

// Six places, and with `mirror` each in two directions.
TEST(DataTransformer, TrainTakesEveryPlaceInBothDirections) {
  Case transform("crop_size: 2 mirror: true", TRAIN);
  std::set<Values> found;
  for (int i = 0; i < 500; ++i) {
    const Values v = transform(ramp_item()).values;
    const bool mirrored = v[0] > v[1];
    const float corner = mirrored ? v[1] : v[0];
    EXPECT_EQ(v[mirrored ? 0 : 1], corner + 1);
    EXPECT_EQ(v[mirrored ? 3 : 2], corner + 4);
    EXPECT_EQ(v[mirrored ? 5 : 4], corner + 12);
    EXPECT_TRUE(corner <= 2 || (corner >= 4 && corner <= 6)) << corner;
    found.insert(v);
  }
  EXPECT_EQ(found.size(), 12u);
}

TEST(DataTransformer, DrawsFollowTheSeed) {
  TransformationParameter param;
  parse_text("mirror: true crop_size: 1", "test", &param);
  const auto draws = [&](int64_t first, int64_t seed) {
    Random seeds(first);
    DataTransformer<float> transformer(param, TRAIN, &seeds);
    std::vector<float> values(2 * 20);
    transformer.transform(ramp_item(), values.data());
    seeds.seed(seed);
    transformer.reseed(&seeds);
    for (int i = 0; i < 20; ++i) transformer.transform(ramp_item(), &values[2 * i]);
    return values;
  };
  const std::vector<float> expected = draws(1, 9);
  EXPECT_EQ(draws(2, 9), expected);
  EXPECT_NE(draws(1, 8), expected);
}

TEST(DataTransformer, OneInTwoIsMirroredInTestToo) {
  Case transform("mirror: true");
  int mirrored = 0;
  for (int i = 0; i < 1000; ++i) {
    const Values v = transform({1, 1, 3, "\1\2\3", {}}).values;
    if (v == Values{3, 2, 1}) {
      ++mirrored;
    } else {
      EXPECT_EQ(v, (Values{1, 2, 3}));
    }
  }
  EXPECT_NEAR(mirrored, 500, 80);  // five standard deviations
}

TEST(DataTransformer, AMeanImageLiesUnderTheWholeItem) {
  const TempDir dir;
  BlobProto mean;
  mean.set_num(1);
  mean.set_channels(2);
  mean.set_height(3);
  mean.set_width(4);
  for (int i = 0; i < 24; ++i) mean.add_data(static_cast<float>(i * i));
  write_binary_file(dir / "mean", mean);
  const std::string field = cat("mean_file: '", dir / "mean", "'");
  EXPECT_EQ(Case("crop_size: 2 scale: 2 " + field)(ramp_item()).values,
            (Values{0, -4, -40, -60, -312, -364, -544, -612}));
  expect_error(Code::kShape, "has shape 2 3 4 (24), but the item 2 3 5 (30)",
               [&] { Case{field}({2, 3, 5, std::string(30, 'a'), {}}); });
  expect_error(Code::kBadNet, "both mean_file and mean_value",
               [&] { Case{field + " mean_value: 1"}; });
  expect_error(Code::kIo, "nowhere", [] { Case("mean_file: 'nowhere'"); });
  mean.set_num(2);
  write_binary_file(dir / "mean", mean);
  expect_error(Code::kShape, dir / "mean", [&] { Case{field}; });
}

TEST(DataTransformer, ACropMustFit) {
  expect_error(Code::kShape, "crop_size 4 is larger than the item, 3x4",
               [] { Case("crop_size: 4")(ramp_item()); });
  expect_error(Code::kShape, "crop_size 4294967295",
               [] { Case("crop_size: 4294967295")(ramp_item()); });
}

TEST(DataTransformer, Colours) {
  EXPECT_EQ(Case("").color_mode(), ColorMode::kAsStored);
  EXPECT_EQ(Case("force_color: true").color_mode(), ColorMode::kColor);
  EXPECT_EQ(Case("force_gray: true").color_mode(), ColorMode::kGray);
  expect_error(Code::kBadNet, "both force_color and force_gray",
               [] { Case("force_color: true force_gray: true"); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
