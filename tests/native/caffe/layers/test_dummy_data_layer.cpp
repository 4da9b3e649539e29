#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<float>;

std::string dummy(const std::string& fields) {
  return "type: 'DummyData' dummy_data_param { " + fields + " }";
}

TEST(DummyDataLayer, ConstantsAreFilledOnce) {
  Case layer(dummy("shape { dim: 2 } shape { dim: 3 } data_filler { value: 4 }"), {}, 2);
  layer.setup();
  EXPECT_EQ(Case::data(layer.top(0)), (std::vector<float>{4, 4}));
  EXPECT_EQ(Case::data(layer.top(1)), (std::vector<float>{4, 4, 4}));
  Case::set(layer.top(0), {1, 2});
  layer.forward();
  EXPECT_EQ(Case::data(layer.top(0)), (std::vector<float>{1, 2}));
}

TEST(DummyDataLayer, OthersAreFilledAtEveryPass) {
  Case layer(dummy("shape { dim: 4 } data_filler { type: 'gaussian' } data_filler { }"), {}, 2);
  layer.setup().forward();
  const std::vector<float> first = Case::data(layer.top(0));
  EXPECT_NE(first, std::vector<float>(4, 0));
  layer.forward();
  EXPECT_NE(first, Case::data(layer.top(0)));
  EXPECT_EQ(Case::data(layer.top(1)), std::vector<float>(4, 0));
}

TEST(DummyDataLayer, OldShapeFields) {
  Case layer(dummy("num: 2 num: 3 channels: 4 height: 5 width: 6"), {}, 2);
  layer.setup();
  EXPECT_EQ(layer.top(0).shape(), (Shape{2, 4, 5, 6}));
  EXPECT_EQ(layer.top(1).shape(), (Shape{3, 4, 5, 6}));
}

TEST(DummyDataLayer, Errors) {
  const struct {
    const char* fields;
    const char* part;
  } kCases[] = {
      {"", "dummy_data_param.num must be given"},
      {"num: 1 channels: 1 height: 1", "dummy_data_param.width must be given"},
      {"shape { dim: 1 } shape { dim: 1 }", "dummy_data_param.shape must be given"},
      {"shape { dim: 1 } num: 1", "give either shape or num"},
      {"shape { dim: 1 } data_filler { } data_filler { }", "dummy_data_param.data_filler"},
      {"shape { dim: 1 } data_filler { type: 'nope' }", "unknown filler type 'nope'"},
  };
  for (const auto& c : kCases) {
    Case layer(dummy(c.fields), {}, 3);
    expect_error(Code::kBadNet, c.part, [&] { layer.setup().forward(); });
  }
}

}  // namespace
}  // namespace test
}  // namespace caffe
