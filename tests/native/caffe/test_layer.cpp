#include "caffe/layer.hpp"
#include "caffe/layer_registry.hpp"
#include "support/expect_error.hpp"
#include "support/layer_case.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<float>;

TEST(Layer, ErrorsNameTheLayerOnce) {
  Case tanh("type: 'TanH'", {{2}, {2}});
  expect_error(Code::kBadNet, "layer 'l' (TanH): takes exactly 1 bottom blob(s), but has 2",
               [&] { tanh.setup(); });
  Case ip("type: 'InnerProduct' inner_product_param { num_output: 2 axis: 5 }", {{2, 3}});
  expect_error(Code::kShape, "layer 'l' (InnerProduct): axis 5 is out of range",
               [&] { ip.setup(); });
  try {
    Case("type: 'ReLU'", {{2}}, 2).setup();
    FAIL();
  } catch (const Error& e) {
    const std::string message = e.what();
    EXPECT_EQ(message.find("layer 'l'"), message.rfind("layer 'l'")) << message;
  }
}

TEST(Layer, TopCountsAreChecked) {
  Case silence("type: 'Silence'", {{2}}, 1);
  expect_error(Code::kBadNet, "makes exactly 0 top blob(s), but has 1", [&] { silence.setup(); });
  Case convolution("type: 'Convolution' convolution_param { num_output: 1 kernel_size: 1 }",
                   {{1, 1, 2, 2}, {1, 1, 2, 2}}, 1);
  expect_error(Code::kBadNet, "as many tops as bottoms", [&] { convolution.setup(); });
}

TEST(Layer, LossWeightFillsTheDiffAndMakesTheLoss) {
  Case layer("type: 'TanH' loss_weight: 3", {{2, 2}});
  layer.setup();
  EXPECT_EQ(Case::diff(layer.top()), std::vector<float>(4, 3));
  const float loss = layer.forward();
  float sum = 0;
  for (float value : Case::data(layer.top())) sum += value;
  EXPECT_FLOAT_EQ(loss, 3 * sum);
  EXPECT_EQ(layer.layer().loss(0), 3);
}

TEST(Layer, LossWeightMustFitTheTops) {
  Case layer("type: 'Split' loss_weight: 1", {{2}}, 2);
  expect_error(Code::kBadNet, "loss_weight must be given once per top: 2 tops, 1 weights",
               [&] { layer.setup(); });
}

TEST(Layer, LossWeightsFollowAChangedShape) {
  Case layer("type: 'TanH' loss_weight: 2", {{2}});
  layer.setup();
  layer.bottom().reshape({5});
  layer.forward();
  EXPECT_EQ(layer.top().shape(), (Shape{5}));
  EXPECT_EQ(Case::diff(layer.top()), std::vector<float>(5, 2));
}

TEST(Layer, ValuesInTheParameterReplaceFillers) {
  Case layer("type: 'InnerProduct' inner_product_param { num_output: 1 bias_term: false }",
             {{1, 2}});
  BlobProto* blob = layer.param().add_blobs();
  blob->mutable_shape()->add_dim(1);
  blob->mutable_shape()->add_dim(2);
  blob->add_data(4);
  blob->add_data(5);
  layer.setup();
  EXPECT_EQ(Case::data(layer.blob(0)), (std::vector<float>{4, 5}));
  EXPECT_EQ(layer.layer().param().blobs_size(), 0);
}

TEST(Layer, ValuesInTheParameterMustFit) {
  const char* text = "type: 'InnerProduct' inner_product_param { num_output: 1 }";
  Case too_few(text, {{1, 2}});
  too_few.param().add_blobs();
  expect_error(Code::kShape, "has 2 parameter blobs, but its LayerParameter brings 1",
               [&] { too_few.setup(); });
}

TEST(Layer, PhaseOfTheParameterWins) {
  Case layer("type: 'Dropout' phase: TEST", {{2}});
  EXPECT_EQ(layer.setup().layer().phase(), TEST);
}

TEST(Layer, UnknownTypeTellsTheNearest) {
  Case layer("type: 'Convolutoin'", {});
  expect_error(Code::kBadNet,
               "layer 'l': unknown layer type 'Convolutoin'; did you mean Convolution",
               [&] { layer.setup(); });
}

TEST(Layer, UnknownTypeListsTheKnown) {
  Case layer("type: 'Nope'", {});
  expect_error(Code::kBadNet, "layer 'l': unknown layer type 'Nope' (known types: AbsVal, ",
               [&] { layer.setup(); });
}

TEST(Layer, ATypeIsRegisteredOnce) {
  expect_error(Code::kInternal, "'TanH' is registered twice",
               [] { LayerRegistry<float>::add("TanH", nullptr); });
  EXPECT_EQ(LayerRegistry<float>::types(), LayerRegistry<double>::types());
}

}  // namespace
}  // namespace test
}  // namespace caffe
