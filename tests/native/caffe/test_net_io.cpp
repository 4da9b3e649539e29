#include <gtest/gtest.h>

#include <limits>

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
}

// One layer of three is in both.
TEST(NetIo, TheReportTellsWhatWasTaken) {
  const auto layers = [](const char* b, const char* c) {
    return ip_net(2, "a") + "layer { name: '" + b +
           "' type: 'InnerProduct' bottom: 'y' top: 'z' "
           "inner_product_param { num_output: 3 } } layer { name: '" +
           c +
           "' type: 'Scale' bottom: 'z' top: 'out' } layer { name: 'r' type: 'ReLU' bottom: 'out' "
           "top: 'out' }";
  };
  TempDir dir;
  const auto source = make_net(layers("b", "c"), TRAIN, 1), target = make_net(layers("d", "e"));
  const char said[] = ": took 1 of 3 layers; not in the file: d, e; not in the net: b, c";
  for (const char* name : {"w.caffemodel", "w.caffemodel.h5"}) {
    source->save(dir / name);
    EXPECT_EQ(target->copy_trained_layers_from(dir / name).text(), dir / name + said);
    EXPECT_EQ(values(*target->layer(1).blobs()[0]), values(*source->layer(1).blobs()[0]));
    expect_error(Code::kShape, "w.caffemodel",
                 [&] { target->copy_trained_layers_from(dir / name, Match::kAll); });
    expect_error(Code::kShape, "are not in the file: d, e",
                 [&] { target->copy_trained_layers_from(dir / name, Match::kAll); });
    EXPECT_EQ(source->copy_trained_layers_from(dir / name, Match::kAll).text(),
              dir / name + ": took 3 of 3 layers");
  }
}

TEST(NetIo, AFileInWhichNothingMatchesIsRefused) {
  TempDir dir;
  const auto other = make_net(ip_net(2, "fresh"), TRAIN, 2);
  const auto before = weights(*other);
  for (const char* name : {"w.caffemodel", "w.caffemodel.h5"}) {
    make_net(ip_net(2))->save(dir / name);
    expect_error(Code::kShape,
                 "none of its layers is in net 'n'; not in the file: fresh; not in the net: ip",
                 [&] { other->copy_trained_layers_from(dir / name); });
    EXPECT_EQ(other->copy_trained_layers_from(dir / name, Match::kAny).taken, 0);
  }
  EXPECT_EQ(weights(*other), before);
  const auto plain = make_net(
      "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 2 } } }"
      "layer { name: 'p' type: 'Power' bottom: 'x' top: 'y' }");
  EXPECT_EQ(plain->copy_trained_layers_from(dir / "w.caffemodel").wanted, 0);  // nothing to take
}

TEST(NetIo, ValuesThatAreNotFiniteAreRefused) {
  TempDir dir;
  const auto target = make_net(ip_net(2));
  const auto before = weights(*target);
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    for (const char* name : {"w.caffemodel", "w.caffemodel.h5"}) {
      const auto source = make_net(ip_net(2), TRAIN, 3);
      source->layer(1).blobs()[1]->mutable_cpu_data()[1] = bad;
      source->save(dir / name);
      expect_error(Code::kNumeric, cat(name, ": layer 'ip', parameter 1: value 1 is ", bad),
                   [&] { target->copy_trained_layers_from(dir / name); });
    }
  }
  EXPECT_EQ(weights(*target), before);
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
