#include "support/data_files.hpp"
#include "support/expect_error.hpp"
#include "support/layer_case.hpp"
#include "support/temp_dir.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<float>;
using Values = std::vector<float>;

class DataLayer : public testing::TestWithParam<DataParameter::DB> {
 protected:
  std::string text(const std::string& fields, const std::string& transform = "") const {
    return cat("type: 'Data' data_param { source: '", path_,
               "' backend: ", DataParameter::DB_Name(GetParam()), " ", fields,
               " } transform_param { ", transform, " }");
  }
  void make(const std::vector<Datum>& data) {
    std::vector<DbRecord> records;
    for (const Datum& d : data)
      records.push_back({cat("k", records.size()), d.SerializeAsString()});
    make_db(GetParam(), path_, records);
  }

  TempDir dir_;
  std::string path_ = dir_ / "db";
};

TEST_P(DataLayer, GoesThroughTheRecordsInACircle) {
  make({datum(1, 1, 2, "ab", 3), datum(1, 1, 2, "cd", 4), datum(1, 1, 2, "e\xff", 5)});
  Case layer(text("batch_size: 2"), {}, 2);
  layer.setup();
  EXPECT_EQ(layer.top(0).shape(), (Shape{2, 1, 1, 2}));
  EXPECT_EQ(layer.top(1).shape(), (Shape{2}));
  const Values expected[] = {{97, 98, 99, 100}, {101, 255, 97, 98}, {99, 100, 101, 255}};
  const Values labels[] = {{3, 4}, {5, 3}, {4, 5}};
  for (int pass = 0; pass < 7; ++pass) {
    layer.forward();
    EXPECT_EQ(Case::data(layer.top(0)), expected[pass % 3]) << pass;
    EXPECT_EQ(Case::data(layer.top(1)), labels[pass % 3]) << pass;
  }
}

TEST_P(DataLayer, LabelsMayBeLeftOut) {
  make({datum(1, 1, 1, "a", 3)});
  Case layer(text("batch_size: 3", "scale: 2 mean_value: 90"), {}, 1);
  layer.setup().forward();
  EXPECT_EQ(Case::data(layer.top()), (Values{14, 14, 14}));
}

TEST_P(DataLayer, EncodedImagesAndFloats) {
  Datum encoded;
  encoded.set_encoded(true);
  encoded.set_data(png(3, 1, 1, {1, 2, 3}));
  Datum floats = datum(3, 1, 1, "", 7);
  for (float value : {0.5f, -1.f, 1e6f}) floats.add_float_data(value);
  make({encoded, floats});
  Case layer(text("batch_size: 2"), {}, 2);
  layer.setup().forward();
  EXPECT_EQ(Case::data(layer.top(0)), (Values{3, 2, 1, 0.5, -1, 1e6}));
  Case grey(text("batch_size: 1", "force_gray: true"), {}, 2);
  grey.setup().forward();
  EXPECT_EQ(grey.top(0).shape(), (Shape{1, 1, 1, 1}));
}

// Each batch takes the shape of its first item.
TEST_P(DataLayer, ShapesMayChangeBetweenBatches) {
  make({datum(1, 1, 2, "ab", 0), datum(1, 2, 2, "abcd", 1)});
  Case layer(text("batch_size: 1"), {}, 2);
  layer.setup().forward();
  EXPECT_EQ(layer.top(0).shape(), (Shape{1, 1, 1, 2}));
  layer.forward();
  EXPECT_EQ(layer.top(0).shape(), (Shape{1, 1, 2, 2}));
  Case both(text("batch_size: 2"), {}, 2);
  both.setup();
  expect_error(Code::kShape, "key 'k1': an item of shape 1 2 2 (4) in a batch of items of 1 1 2",
               [&] { both.forward(); });
}

TEST_P(DataLayer, DrawsFollowASeedFromTheBatchAfterTheNext) {
  make({datum(1, 1, 8, "abcdefgh", 0)});
  const auto draws = [&](int64_t first, int64_t seed) {
    Case layer(text("batch_size: 20", "crop_size: 1"), {}, 2);
    layer.setup_reseeded(first, seed).forward();
    return Case::data(layer.top(0));
  };
  const Values expected = draws(1, 9);
  EXPECT_EQ(draws(2, 9), expected);
  EXPECT_NE(draws(1, 8), expected);
}

TEST_P(DataLayer, ABadRecordIsNamedWhenItsBatchIsDue) {
  make({datum(1, 1, 1, "a", 0), datum(1, 1, 1, "bc", 0), datum(1, 1, 1, "d", 9)});
  Case layer(text("batch_size: 1"), {}, 2);
  layer.setup().forward();
  expect_error(Code::kParse,
               cat("layer 'l' (Data): '", path_, "', key 'k1': the datum has 2 bytes"),
               [&] { layer.forward(); });
  layer.forward();
  EXPECT_EQ(Case::data(layer.top(1)), (Values{9}));
}

TEST_P(DataLayer, ValuesThatAreNoDatum) {
  make_db(GetParam(), path_, {{"k", "\xff\xff\xff"}});
  Case layer(text("batch_size: 1"), {}, 2);
  expect_error(Code::kParse, "key 'k': the value is damaged", [&] { layer.setup(); });
}

TEST_P(DataLayer, Errors) {
  const auto refused = [&](const std::string& fields, Code code, const std::string& part) {
    Case layer(cat("type: 'Data' data_param { backend: ", DataParameter::DB_Name(GetParam()), " ",
                   fields, " }"),
               {}, 2);
    expect_error(code, part, [&] { layer.setup(); });
  };
  refused("batch_size: 1", Code::kBadNet, "data_param.source is missing");
  refused("source: 'x'", Code::kBadNet, "data_param.batch_size must be positive");
  refused("source: 'no/db' batch_size: 1", Code::kIo, "no/db");
  make({});
  refused(cat("batch_size: 1 source: '", path_, "'"), Code::kIo, "holds no records");
}

INSTANTIATE_TEST_SUITE_P(Kinds, DataLayer,
                         testing::Values(DataParameter::LMDB, DataParameter::LEVELDB),
                         [](const auto& kind) { return DataParameter::DB_Name(kind.param); });

}  // namespace
}  // namespace test
}  // namespace caffe
