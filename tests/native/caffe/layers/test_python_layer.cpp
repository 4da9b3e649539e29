#include "caffe/python_layer.hpp"
#include "support/expect_error.hpp"
#include "support/gradient_check.hpp"

namespace caffe {
namespace test {
namespace {

const char kLayer[] = "type: 'Python' python_param { module: 'm' layer: 'L' param_str: 'p' }";

// A runner that doubles its bottom, and notes what it was asked.
class PythonLayer : public ::testing::Test {
 protected:
  PythonLayer() {
    set_python_runner([this](const PythonCall& call) { run(call); });
  }
  ~PythonLayer() override { set_python_runner(nullptr); }

  void run(const PythonCall& call) {
    steps.push_back(call.step);
    layers.push_back(call.layer);
    require(call.step != failing, Code::kCallback, "m.L: on purpose");
    switch (call.step) {
      case PythonStep::kSetup:
        EXPECT_EQ(call.param.python_param().param_str(), "p");
        call.state = std::make_shared<int>(7);
        for (float value : filled) {
          call.params.push_back(std::make_shared<Blob<float>>(Shape{1}));
          call.params.back()->mutable_cpu_data()[0] = value;
        }
        break;
      case PythonStep::kReshape: call.top[0]->reshape(call.bottom[0]->shape()); break;
      case PythonStep::kForward:
        EXPECT_EQ(*static_cast<int*>(call.state.get()), 7);
        if (!reshape_in_forward.empty()) {
          call.top[0]->reshape(reshape_in_forward);
          break;
        }
        for (int64_t i = 0; i < call.bottom[0]->count(); ++i) {
          call.top[0]->mutable_cpu_data()[i] = 2 * call.bottom[0]->cpu_data()[i];
        }
        break;
      case PythonStep::kBackward:
        propagated = call.propagate_down;
        for (int64_t i = 0; i < call.bottom[0]->count(); ++i) {
          call.bottom[0]->mutable_cpu_diff()[i] = 2 * call.top[0]->cpu_diff()[i];
        }
        break;
      case PythonStep::kDestroy: EXPECT_TRUE(call.bottom.empty() && call.top.empty()); break;
    }
  }

  std::vector<PythonStep> steps;
  std::vector<int64_t> layers;
  std::vector<bool> propagated;
  Shape reshape_in_forward;
  std::vector<float> filled;  // values of the parameters that setup adds
  PythonStep failing = static_cast<PythonStep>(-1);
};

TEST_F(PythonLayer, StepsComeInOrder) {
  {
    LayerCase<float> layer(kLayer, {{2, 3}});
    LayerCase<float>::set(layer.bottom(0), {1, 2, 3, 4, 5, 6});
    layer.setup().forward();
    EXPECT_EQ(LayerCase<float>::data(layer.top(0)), (std::vector<float>{2, 4, 6, 8, 10, 12}));
    layer.forward();
    LayerCase<float>::set_diff(layer.top(0), {1, 0, 0, 0, 0, -1});
    layer.backward();
    EXPECT_EQ(LayerCase<float>::diff(layer.bottom(0)), (std::vector<float>{2, 0, 0, 0, 0, -2}));
  }
  using S = PythonStep;
  EXPECT_EQ(steps, (std::vector<S>{S::kSetup, S::kReshape, S::kReshape, S::kForward, S::kReshape,
                                   S::kForward, S::kBackward, S::kDestroy}));
  EXPECT_EQ(propagated, std::vector<bool>{true});
  EXPECT_EQ(layers, std::vector<int64_t>(8, layers[0]));
}

TEST_F(PythonLayer, EachLayerHasItsNumber) {
  LayerCase<float> one(kLayer, {{1}}), two(kLayer, {{1}});
  one.setup();
  two.setup();
  EXPECT_NE(layers.front(), layers.back());
}

TEST_F(PythonLayer, ALossThatChangesShapeKeepsItsWeight) {
  LayerCase<float> layer(std::string(kLayer) + " loss_weight: 3", {{2}});
  layer.setup();
  reshape_in_forward = {4};
  layer.forward();
  EXPECT_EQ(LayerCase<float>::diff(layer.top(0)), (std::vector<float>(4, 3)));
}

TEST_F(PythonLayer, SetupAddsParameters) {
  filled = {2, 3};
  LayerCase<float> layer(kLayer, {{1}});
  layer.setup();
  ASSERT_EQ(layer.layer().blobs().size(), 2u);
  EXPECT_EQ(LayerCase<float>::data(layer.blob(1)), std::vector<float>{3});
  const std::string one = " blobs { shape { dim: 1 } data: 5 }";
  LayerCase<float> given(kLayer + one + one, {{1}});
  given.setup();
  EXPECT_EQ(LayerCase<float>::data(given.blob(0)), std::vector<float>{5});
  LayerCase<float> too_few(kLayer + one, {{1}});
  expect_error(Code::kShape, "has 2 parameter blobs, but its LayerParameter brings 1",
               [&] { too_few.setup(); });
}

TEST_F(PythonLayer, AFailureNamesTheLayer) {
  failing = PythonStep::kForward;
  LayerCase<float> layer(kLayer, {{1}});
  layer.param().set_name("mine");
  layer.setup();
  expect_error(Code::kCallback, "layer 'mine' (Python): m.L: on purpose", [&] { layer.forward(); });
}

TEST_F(PythonLayer, WithoutAnInterpreterItIsRefused) {
  LayerCase<double> precise(kLayer, {{1}});
  expect_error(Code::kUnsupported, "single precision", [&] { precise.setup(); });
  LayerCase<float> nameless("type: 'Python' python_param { module: 'm' }", {{1}});
  expect_error(Code::kBadNet, "needs module and layer", [&] { nameless.setup(); });
  set_python_runner(nullptr);
  LayerCase<float> layer(kLayer, {{1}});
  expect_error(Code::kUnsupported,
               "no Python interpreter drives this net: open it with sparknet.local",
               [&] { layer.setup(); });
  EXPECT_TRUE(steps.empty());
}

}  // namespace
}  // namespace test
}  // namespace caffe
