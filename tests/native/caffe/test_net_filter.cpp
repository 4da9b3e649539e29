#include <gtest/gtest.h>

#include "caffe/net_graph.hpp"
#include "support/expect_error.hpp"
#include "support/net_case.hpp"

namespace caffe {
namespace test {
namespace {

// Names of the layers that stay, one after the other.
std::string kept(const std::string& layers, const std::string& state) {
  NetParameter net;
  parse_text(layers, "test", &net);
  parse_text(state, "test", net.mutable_state());
  const NetParameter filtered = filter_layers(net);
  std::string names;
  for (const LayerParameter& layer : filtered.layer()) names += layer.name();
  return names;
}

TEST(NetFilter, LayersWithoutRulesStay) {
  EXPECT_EQ(kept("layer { name: 'a' } layer { name: 'b' }", "phase: TRAIN"), "ab");
}

TEST(NetFilter, PhaseRules) {
  const std::string net =
      "layer { name: 'a' include { phase: TRAIN } } layer { name: 'b' include { phase: TEST } }"
      "layer { name: 'c' exclude { phase: TEST } }";
  EXPECT_EQ(kept(net, "phase: TRAIN"), "ac");
  EXPECT_EQ(kept(net, "phase: TEST"), "b");
  EXPECT_EQ(kept(net, ""), "b");  // the default phase is TEST
}

TEST(NetFilter, LevelRules) {
  const std::string net =
      "layer { name: 'a' include { min_level: 2 } } layer { name: 'b' include { max_level: 2 } }"
      "layer { name: 'c' include { min_level: 1 max_level: 1 } }";
  EXPECT_EQ(kept(net, "level: 0"), "b");
  EXPECT_EQ(kept(net, "level: 1"), "bc");
  EXPECT_EQ(kept(net, "level: 2"), "ab");
  EXPECT_EQ(kept(net, "level: 3"), "a");
}

TEST(NetFilter, StageRules) {
  const std::string net =
      "layer { name: 'a' include { stage: 'x' } } layer { name: 'b' include { stage: 'x' stage: "
      "'y' } } layer { name: 'c' include { not_stage: 'x' } } layer { name: 'd' exclude { "
      "not_stage: 'y' } }";
  EXPECT_EQ(kept(net, ""), "c");
  EXPECT_EQ(kept(net, "stage: 'x'"), "a");
  EXPECT_EQ(kept(net, "stage: 'y'"), "cd");
  EXPECT_EQ(kept(net, "stage: 'y' stage: 'x'"), "abd");
}

TEST(NetFilter, OneRuleOfSeveralIsEnough) {
  const std::string two =
      "layer { name: 'a' include { phase: TRAIN } include { stage: 'x' } }"
      "layer { name: 'b' exclude { phase: TRAIN } exclude { stage: 'x' } }";
  EXPECT_EQ(kept(two, "phase: TEST stage: 'x'"), "a");
  EXPECT_EQ(kept(two, "phase: TRAIN"), "a");
  EXPECT_EQ(kept(two, "phase: TEST"), "b");
}

TEST(NetFilter, IncludeAndExcludeTogetherAreRefused) {
  expect_error(Code::kBadNet, "layer 'both'", [] {
    kept("layer { name: 'both' include { phase: TRAIN } exclude { phase: TEST } }", "");
  });
}

}  // namespace
}  // namespace test
}  // namespace caffe
