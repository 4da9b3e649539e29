#include <gtest/gtest.h>

#include "caffe/net_graph.hpp"
#include "support/expect_error.hpp"
#include "support/net_case.hpp"

namespace caffe {
namespace test {
namespace {

// "name(bottoms)->tops" of every layer.
std::string splits(const std::string& text) {
  NetParameter net;
  parse_text(text, "test", &net);
  const NetParameter with_splits = insert_splits(net);
  std::string result;
  for (const LayerParameter& layer : with_splits.layer()) {
    result += (result.empty() ? "" : "; ") + layer.name() + "(";
    for (const std::string& bottom : layer.bottom()) result += bottom + " ";
    result += ")->";
    for (const std::string& top : layer.top()) result += top + " ";
    for (float weight : layer.loss_weight()) result += cat("[", weight, "]");
  }
  return result;
}

TEST(InsertSplits, TopsUsedOnceStay) {
  EXPECT_EQ(splits("layer { name: 'a' top: 'x' } layer { name: 'b' bottom: 'x' top: 'y' }"),
            "a()->x ; b(x )->y ");
}

TEST(InsertSplits, NamesAreThoseOfCaffe) {
  EXPECT_EQ(splits("layer { name: 'data' top: 'data' top: 'label' }"
                   "layer { name: 'ip' bottom: 'data' top: 'ip' }"
                   "layer { name: 'loss' bottom: 'ip' bottom: 'label' top: 'loss' }"
                   "layer { name: 'accuracy' bottom: 'ip' bottom: 'label' top: 'accuracy' }"),
            "data()->data label ; "
            "label_data_1_split(label )->label_data_1_split_0 label_data_1_split_1 ; "
            "ip(data )->ip ; ip_ip_0_split(ip )->ip_ip_0_split_0 ip_ip_0_split_1 ; "
            "loss(ip_ip_0_split_0 label_data_1_split_0 )->loss ; "
            "accuracy(ip_ip_0_split_1 label_data_1_split_1 )->accuracy ");
}

TEST(InsertSplits, InPlaceLayersAreProducersOfTheirOwn) {
  EXPECT_EQ(splits("layer { name: 'a' top: 'x' } layer { name: 'relu' bottom: 'x' top: 'x' }"
                   "layer { name: 'b' bottom: 'x' top: 'y' }"
                   "layer { name: 'c' bottom: 'x' top: 'z' }"),
            "a()->x ; relu(x )->x ; x_relu_0_split(x )->x_relu_0_split_0 x_relu_0_split_1 ; "
            "b(x_relu_0_split_0 )->y ; c(x_relu_0_split_1 )->z ");
}

TEST(InsertSplits, ALayerMayReadATopTwice) {
  EXPECT_EQ(splits("layer { name: 'a' top: 'x' } layer { name: 'b' bottom: 'x' bottom: 'x' }"),
            "a()->x ; x_a_0_split(x )->x_a_0_split_0 x_a_0_split_1 ; "
            "b(x_a_0_split_0 x_a_0_split_1 )->");
}

TEST(InsertSplits, ALossWeightIsAUseAndMovesToTheFirstTop) {
  EXPECT_EQ(splits("layer { name: 'a' top: 'x' loss_weight: 2 } layer { name: 'b' bottom: 'x' }"),
            "a()->x [0]; x_a_0_split(x )->x_a_0_split_0 x_a_0_split_1 [2][0]; "
            "b(x_a_0_split_1 )->");
  EXPECT_EQ(splits("layer { name: 'a' top: 'x' loss_weight: 2 }"), "a()->x [2]");
}

TEST(InsertSplits, UnknownBottomsAreNamed) {
  expect_error(Code::kBadNet, "layer 'ip': bottom 0, 'nowhere', is not the top of an earlier layer",
               [] { splits("layer { name: 'ip' bottom: 'nowhere' }"); });
  expect_error(Code::kBadNet, "'later'", [] {
    splits("layer { name: 'ip' bottom: 'later' } layer { name: 'x' top: 'later' }");
  });
}

}  // namespace
}  // namespace test
}  // namespace caffe
