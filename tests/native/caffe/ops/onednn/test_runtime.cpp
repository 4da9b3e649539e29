// Formats of oneDNN and gradients that are added up.
#include <gtest/gtest.h>

#include <numeric>

#include "caffe/ops/onednn/runtime.hpp"

namespace caffe::onednn {
namespace {

using dnnl::memory;

FormatPtr blocked(const memory::dims& dims) {
  return to_format(memory::desc(dims, memory::data_type::f32, memory::format_tag::nChw16c));
}

TEST(DnnlFormat, PlainOrderIsNull) {
  EXPECT_EQ(to_format(plain_desc({2, 3, 4, 5})), nullptr);
  EXPECT_EQ(to_format(memory::desc({2, 3}, memory::data_type::f32, memory::format_tag::ab)),
            nullptr);
}

TEST(DnnlFormat, PadsChannelsWithZeros) {
  const auto format = blocked({1, 3, 2, 2});
  ASSERT_EQ(format->size(), 16u * 4);
  Storage<float> storage(12);
  float* values = storage.write();
  std::iota(values, values + 12, 1.0f);
  storage.written();
  const float* packed = storage.read(format);
  // Pixel 0: its three channels, then 13 zeros.
  EXPECT_EQ(packed[0], 1.0f);
  EXPECT_EQ(packed[1], 5.0f);
  EXPECT_EQ(packed[2], 9.0f);
  for (int c = 3; c < 16; ++c) EXPECT_EQ(packed[c], 0.0f);
}

TEST(DnnlFormat, ConvertsBetweenPackedFormats) {
  const memory::dims dims = {2, 16, 3, 3};
  const auto a = blocked(dims);
  const auto b = to_format(memory::desc(dims, memory::data_type::f32, memory::format_tag::nhwc));
  Storage<float> storage(2 * 16 * 9);
  float* values = storage.write();
  std::iota(values, values + storage.count(), 0.0f);
  storage.written();
  const std::vector<float> expected(values, values + storage.count());
  float* packed = storage.read_write(a);
  packed[0] = -1.0f;  // plain copy is stale now
  storage.written(a);
  EXPECT_EQ(storage.read(b)[0], -1.0f);
  EXPECT_EQ(storage.read(b)[1], expected[9]);  // channel 1 of pixel 0
  EXPECT_EQ(storage.read()[0], -1.0f);
  EXPECT_EQ(storage.read()[287], expected[287]);
}

TEST(DnnlFormat, FormatsOfOtherShapesDoNotConvertDirectly) {
  const auto a = blocked({1, 16, 2, 2});
  const auto b = blocked({1, 32, 2, 1});
  std::vector<float> in(64), out(64);
  EXPECT_FALSE(a->convert(in.data(), *b, out.data()));
  EXPECT_FALSE(a->equals(*b));
}

TEST(DnnlFormat, KnowsBlocksOfChannels) {
  using tag = memory::format_tag;
  const auto block = [](const memory::dims& dims, tag order) {
    return channel_block(to_format(memory::desc(dims, memory::data_type::f32, order)));
  };
  EXPECT_EQ(block({2, 3, 4}, tag::nCw16c), 16);
  EXPECT_EQ(block({2, 32, 4, 5}, tag::nChw8c), 8);
  EXPECT_EQ(block({2, 32, 4, 5, 6}, tag::nCdhw16c), 16);
  EXPECT_EQ(block({2, 32, 4, 5}, tag::nhwc), 32);
  EXPECT_EQ(block({2, 5, 4}, tag::nwc), 5);
  EXPECT_EQ(block({2, 32, 4, 5}, tag::nChw4c), 0);
  EXPECT_EQ(block({32, 32, 3, 3}, tag::OIhw16i16o), 0);
  EXPECT_EQ(block({2, 32}, tag::ba), 0);
  EXPECT_EQ(channel_block(nullptr), 1);
}

TEST(DnnlFormat, IsMadeForOtherNumbersOfChannels) {
  const auto format = blocked({2, 16, 3, 5});
  EXPECT_TRUE(same_format(format->with_channels(40), blocked({2, 40, 3, 5})));
  EXPECT_FALSE(same_format(format->with_channels(40), format));
  const memory::desc last({2, 16, 3, 5}, memory::data_type::f32, memory::format_tag::nhwc);
  EXPECT_EQ(channel_block(to_format(last)->with_channels(40)), 40);
  const memory::desc other({2, 16, 3, 5}, memory::data_type::f32, memory::format_tag::nChw4c);
  EXPECT_EQ(to_format(other)->with_channels(40), nullptr);
}

TEST(GradientTarget, OverwritesZeroAndAddsToTheRest) {
  const Operand operand(plain_desc({4}));
  Storage<float> gradient(4);
  for (int pass = 1; pass <= 2; ++pass) {
    GradientTarget target(operand, &gradient, GradientTarget::kWeights);
    auto* values = static_cast<float*>(target.begin().get_data_handle());
    std::fill_n(values, 4, 2.0f);
    target.end();
    EXPECT_EQ(gradient.read()[3], 2.0f * static_cast<float>(pass));
  }
}

TEST(GradientTarget, NullIsComputedAndDropped) {
  const Operand operand(plain_desc({4}));
  GradientTarget target(operand, nullptr, GradientTarget::kWeights);
  EXPECT_NE(target.begin().get_data_handle(), nullptr);
  target.end();
}

}  // namespace
}  // namespace caffe::onednn
