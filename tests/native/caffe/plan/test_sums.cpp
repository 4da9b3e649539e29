// Convolutions that add the other bottom of a sum behind them.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>

#include "support/backend_orders.hpp"
#include "support/block_nets.hpp"
#include "support/expect_error.hpp"

namespace caffe {
namespace test {
namespace {

const std::set<int> kNothing;

// The blobs that no sum leaves out.
std::set<int> all_but_terms(const Net<float>& net) {
  std::vector<std::string> names = net.blob_names();
  for (const char* term : {"yb", "zb"}) names.erase(std::find(names.begin(), names.end(), term));
  return ids_of(net, names);
}

std::string sum(const std::string& first, const std::string& second, const std::string& top,
                const std::string& fields = "") {
  return "layer { name: 'sum_" + top + "' type: 'Eltwise' bottom: '" + first + "' bottom: '" +
         second + "' top: '" + top + "' eltwise_param { " + fields + " } }";
}

// A residual block of a blob with 16 channels.
std::string residual(const std::string& bottom, const std::string& name,
                     const std::string& fields = "") {
  const std::string a = name + "a", b = name + "b";
  return conv(bottom, a) + normalise(a) + relu(a) + conv(a, b) + normalise(b) +
         sum(bottom, b, name, fields) + relu(name);
}

std::string two_blocks() {
  return conv("x", "s") + relu("s") + residual("s", "y") + residual("y", "z");
}

class Sums : public testing::TestWithParam<std::vector<Backend>> {
 protected:
  const BackendScope scope_{GetParam()};
};

TEST_P(Sums, EqualThoseOfLayers) {
  const auto fused = predictor(two_blocks()), apart = predictor(two_blocks());
  fused->keep_values(all_but_terms(*fused));
  for (const int64_t batch : {4, 2}) {
    for (Net<float>* net : {fused.get(), apart.get()}) {
      net->blob("x")->reshape({batch, 3, 6, 5});
      set_values(net->blob("x"), ramp(batch * 90));
    }
    fused->forward();
    forward_by_layers(apart.get());
    for (const char* blob : {"s", "ya", "y", "za", "z"}) {
      expect_near(blob, values(*fused->blob(blob)), values(*apart->blob(blob)));
    }
    EXPECT_TRUE(fused->blob("yb")->data().released());
    EXPECT_FALSE(fused->blob("ya")->data().released());
  }
}

TEST_P(Sums, WithAndWithoutWhatMayStandAround) {
  const std::string plain = conv("x", "s") + conv("s", "b");
  const std::string siblings = conv("x", "s") + conv("x", "b");
  for (const std::string& layers :
       {plain + sum("s", "b", "y"), plain + sum("b", "s", "y") + relu("y"),
        siblings + sum("b", "s", "b") + relu("b"), plain + normalise("b") + sum("s", "b", "y")}) {
    SCOPED_TRACE(layers);
    const auto fused = predictor(layers), apart = predictor(layers);
    fused->keep_values(kNothing);
    EXPECT_GE(fused->steps().back().last - fused->steps().back().first, 1);
    fused->forward();
    forward_by_layers(apart.get());
    const int output = apart->output_blobs()[0];
    expect_near("output", values(*fused->blobs()[output]), values(*apart->blobs()[output]));
  }
}

INSTANTIATE_TEST_SUITE_P(Net, Sums, backend_orders(), order_param_name);

TEST(NetSums, StepsHaveThem) {
  const auto net = predictor(two_blocks());
  const std::vector<std::string> kept = steps_of(*net);
  net->keep_values(kNothing);
  const std::vector<std::string> expected = {"in",
                                             "s + relu_s",
                                             "s_relu_s_0_split",
                                             "ya + bn_ya + scale_ya + relu_ya",
                                             "yb + bn_yb + scale_yb + sum_y + relu_y",
                                             "y_relu_y_0_split",
                                             "za + bn_za + scale_za + relu_za",
                                             "zb + bn_zb + scale_zb + sum_z + relu_z"};
  EXPECT_EQ(steps_of(*net), expected);
  net->keep_values(std::nullopt);
  EXPECT_EQ(steps_of(*net), kept);
  EXPECT_EQ(kept.size(), expected.size() + 2);
}

TEST(NetSums, BlobsThatAreKeptAreThere) {
  const auto net = predictor(two_blocks()), apart = predictor(two_blocks());
  net->keep_values(ids_of(*net, {"yb"}));
  net->forward();
  forward_by_layers(apart.get());
  expect_near("yb", values(*net->blob("yb")), values(*apart->blob("yb")));
  EXPECT_TRUE(net->blob("zb")->data().released());
  net->keep_values(std::nullopt);
  net->forward();
  expect_same(*net, *apart, false);
}

TEST(NetSums, MemoryThatWasHandedOutHasItsValues) {
  const auto net = predictor(two_blocks()), apart = predictor(two_blocks());
  net->keep_values(kNothing);
  const float* const yb = net->blob("yb")->data().pin();
  net->forward();
  forward_by_layers(apart.get());
  expect_near("yb", {yb, yb + net->blob("yb")->count()}, values(*apart->blob("yb")));
  expect_near("z", values(*net->blob("z")), values(*apart->blob("z")));
}

TEST(NetSums, OtherSumsAreApart) {
  const std::string plain = conv("x", "s") + conv("s", "b");
  for (const std::string& layers :
       {plain + sum("s", "b", "y", "coeff: 1 coeff: -1"),
        plain + sum("s", "b", "y", "operation: MAX"), plain + relu("b") + sum("s", "b", "y"),
        conv("x", "s") + conv("x", "b") + sum("s", "b", "s"),
        // The other bottom is made later, or the convolution's results have another reader.
        conv("x", "b") + conv("x", "s") + layer("t", "b", "t", "type: 'TanH'") + sum("b", "s", "y"),
        conv("x", "b") + conv("x", "s") + layer("t", "s", "u", "type: 'TanH'") +
            sum("b", "u", "y")}) {
    SCOPED_TRACE(layers);
    const auto net = predictor(layers);
    const auto kept = steps_of(*net);
    net->keep_values(kNothing);
    EXPECT_EQ(steps_of(*net), kept);
  }
}

TEST(NetSums, TrainingNetsKeepThem) {
  const auto net = make_net(
      "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 4 dim: 3 dim: 6 dim: 5 "
      "} "
      "} }" +
      two_blocks());
  const auto kept = steps_of(*net);
  net->keep_values(kNothing);
  EXPECT_EQ(steps_of(*net), kept);
}

TEST(NetSums, ARunThatBeginsBehindNeedsThem) {
  const auto net = predictor(two_blocks());
  net->keep_values(all_but_terms(*net));
  net->forward();
  const int last = net->num_layers() - 1;
  expect_error(Code::kState,
               "layer 'sum_z' reads blob 'zb', which the last pass has left out: keep it, or begin "
               "with layer 'zb'",
               [&] { net->forward(net->layer_index("sum_z"), last); });
  const auto before = values(*net->blob("z"));
  net->forward(net->layer_index("zb"), net->layer_index("scale_zb"));
  net->forward(net->layer_index("sum_z"), last);
  expect_near("z", values(*net->blob("z")), before);
}

TEST(NetSums, BackwardNeedsAForwardPassOfTheSameSteps) {
  const auto net = predictor(two_blocks());
  net->forward();
  net->keep_values(kNothing);
  net->forward();
  expect_error(Code::kState, "no backward pass", [&] { net->backward(); });
  net->keep_values(std::nullopt);
  expect_error(Code::kState, "backward needs a forward pass", [&] { net->backward(); });
  net->forward();
  net->backward();
}

TEST(NetSums, NaNOfEitherIsNotRectified) {
  for (const int place : {0, 1}) {
    const std::string inputs =
        "layer { name: 'in2' type: 'Input' top: 't' input_param { shape { dim: 4 dim: 16 dim: 6 "
        "dim: 5 } } }";
    const auto net = predictor(inputs + conv("x", "b") + sum("t", "b", "y") + relu("y"));
    net->keep_values(kNothing);
    Blob<float>* const spoilt = net->blob(place == 0 ? "t" : "x");
    std::vector<float> numbers = ramp(spoilt->count());
    numbers[7] = std::numeric_limits<float>::quiet_NaN();
    set_values(spoilt, numbers);
    net->forward();
    EXPECT_EQ(net->steps().size(), 3u);
    EXPECT_EQ(net->first_not_finite().in, NotFinite::kData);
    const auto y = values(*net->blob("y"));
    EXPECT_TRUE(std::any_of(y.begin(), y.end(), [](float v) { return std::isnan(v); })) << place;
  }
}

}  // namespace
}  // namespace test
}  // namespace caffe
