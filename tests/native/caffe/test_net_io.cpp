#include <gtest/gtest.h>

#include "support/expect_error.hpp"
#include "support/net_case.hpp"
#include "support/temp_dir.hpp"

namespace caffe {
namespace test {
namespace {

std::string ip_net(int outputs, const std::string& name = "ip") {
  return "name: 'n' layer { name: 'in' type: 'Input' top: 'x' "
         "input_param { shape { dim: 2 dim: 3 } } } layer { name: '" +
         name + "' type: 'InnerProduct' bottom: 'x' top: 'y' inner_product_param { num_output: " +
         std::to_string(outputs) +
         " weight_filler { type: 'gaussian' } bias_filler { type: 'gaussian' } } }";
}

TEST(NetIo, SavedWeightsAreLoadedByLayerName) {
  TempDir dir;
  const auto source = make_net(ip_net(2), TRAIN, 1);
  source->save(dir / "w.caffemodel");
  const auto target = make_net(ip_net(2), TRAIN, 2);
  ASSERT_NE(weights(*target), weights(*source));
  target->copy_trained_layers_from(dir / "w.caffemodel");
  EXPECT_EQ(weights(*target), weights(*source));
  const auto other = make_net(ip_net(2, "fresh"), TRAIN, 2);
  const auto before = weights(*other);
  other->copy_trained_layers_from(dir / "w.caffemodel");  // unknown names are ignored
  EXPECT_EQ(weights(*other), before);
}

TEST(NetIo, AMismatchNamesFileLayerAndBothShapes) {
  TempDir dir;
  make_net(ip_net(3))->save(dir / "w.caffemodel");
  const auto target = make_net(ip_net(2));
  const auto before = weights(*target);
  expect_error(Code::kShape,
               "w.caffemodel: layer 'ip', parameter 0: shape 3 3 (9) in the file does not equal "
               "shape 2 3 (6) here",
               [&] { target->copy_trained_layers_from(dir / "w.caffemodel"); });
  EXPECT_EQ(weights(*target), before);
}

TEST(NetIo, ABlobCountMismatchIsNamed) {
  NetParameter source;
  make_net(ip_net(2))->to_proto(&source, true);
  source.mutable_layer(1)->mutable_blobs()->RemoveLast();
  const auto target = make_net(ip_net(2));
  expect_error(Code::kShape, "here: layer 'ip' has 1 parameter blobs there and 2 here",
               [&] { target->copy_trained_layers_from(source, "here"); });
}

TEST(NetIo, DamagedFilesAreRefused) {
  TempDir dir;
  const auto net = make_net(ip_net(2));
  net->save(dir / "w.caffemodel");
  const std::string content = read_file(dir / "w.caffemodel");
  const auto before = weights(*net);
  for (size_t cut : {content.size() / 2, content.size() - 1}) {
    write_file(dir / "cut.caffemodel", content.substr(0, cut));
    expect_error(Code::kParse, "cut.caffemodel' is damaged or truncated",
                 [&] { net->copy_trained_layers_from(dir / "cut.caffemodel"); });
  }
  expect_error(Code::kIo, "none.caffemodel",
               [&] { net->copy_trained_layers_from(dir / "none.caffemodel"); });
  EXPECT_EQ(weights(*net), before);
}

TEST(NetIo, TheProtoListsLayersAsBuilt) {
  NetParameter param;
  make_net(ip_net(2))->to_proto(&param, false);
  EXPECT_EQ(param.name(), "n");
  ASSERT_EQ(param.layer_size(), 2);
  EXPECT_EQ(param.layer(1).blobs(0).shape().dim(1), 3);
  EXPECT_EQ(param.layer(1).blobs(0).data_size(), 0);
}

TEST(NetIo, AFailedSaveLeavesTheOldFile) {
  TempDir dir;
  const auto net = make_net(ip_net(2));
  expect_error(Code::kIo, "nowhere", [&] { net->save(dir / "nowhere/w.caffemodel"); });
  net->save(dir / "w.caffemodel");
  net->save(dir / "w.caffemodel");
  EXPECT_EQ(dir.count_files(), 1);  // nothing is left beside it
}

}  // namespace
}  // namespace test
}  // namespace caffe
