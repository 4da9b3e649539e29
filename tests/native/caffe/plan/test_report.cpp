// What plans say, and what steps of the shipped nets cost beside arithmetic: ceilings that may only
// go down.
#include <gtest/gtest.h>

#include "caffe/io.hpp"
#include "caffe/ops/simd/isa.hpp"
#include "support/net_case.hpp"

namespace caffe {
namespace test {
namespace {

const char* const kNet =
    "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 3 dim: 5 dim: 5 } "
    "} }"
    "layer { name: 'conv' type: 'Convolution' bottom: 'x' top: 'y' "
    "  convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: 'xavier' } } }"
    "layer { name: 'relu' type: 'ReLU' bottom: 'y' top: 'y' }"
    "layer { name: 'flat' type: 'Flatten' bottom: 'y' top: 'flat' }"
    "layer { name: 'end' type: 'Silence' bottom: 'flat' }";

TEST(Plan, SaysWhatRunsTogetherAndSharesMemory) {
  const auto net = make_net(kNet, TEST);
  set_values(net->blob("x"), ramp(150));
  net->forward();
  const Plan plan = net->plan();
  ASSERT_EQ(plan.steps.size(), 4u);
  const PlannedStep &conv = plan.steps[1], &flat = plan.steps[2];
  EXPECT_EQ(conv.layers, (std::vector<std::string>{"conv", "relu"}));
  EXPECT_EQ(conv.types, (std::vector<std::string>{"Convolution", "ReLU"}));
  EXPECT_EQ(conv.back_end, "onednn");
  ASSERT_EQ(conv.tops.size(), 1u);
  EXPECT_EQ(conv.tops[0].blob, "y");
  EXPECT_EQ(conv.tops[0].shape, (std::vector<int64_t>{2, 4, 3, 3}));
  EXPECT_EQ(conv.tops[0].data, flat.tops[0].data);
  EXPECT_NE(conv.tops[0].data, plan.steps[0].tops[0].data);
  EXPECT_EQ(flat.back_end, "");
  EXPECT_TRUE(plan.steps[3].tops.empty());
  EXPECT_EQ(plan.fallbacks, 0);
  EXPECT_GE(plan.bytes, static_cast<int64_t>((150 + 72) * sizeof(float)));
  EXPECT_GE(plan.param_bytes, static_cast<int64_t>((4 * 27 + 4) * sizeof(float)));
}

TEST(Plan, CountsFallbacksAndConversions) {
  const BackendScope scope({Backend::kReference});
  const auto net = make_net(kNet, TEST);
  net->forward();
  const Plan plan = net->plan();
  EXPECT_EQ(plan.steps[1].back_end, "reference");
  EXPECT_EQ(plan.fallbacks, 1);
  EXPECT_EQ(plan.conversions, 0);
}

TEST(Plan, IsATableAndLines) {
  const auto net = make_net(kNet, TEST);
  net->forward();
  const std::string text = to_text(net->plan()), lines = to_lines(net->plan());
  EXPECT_NE(text.find("conv (Convolution) + relu (ReLU)"), std::string::npos) << text;
  EXPECT_NE(text.find("2x4x3x3"), std::string::npos) << text;
  EXPECT_NE(lines.find("step\tonednn\tconv\tConvolution\trelu\tReLU\ntop\ty\t"), std::string::npos)
      << lines;
  EXPECT_NE(lines.find("\nnet\t"), std::string::npos) << lines;
}

// Data layers become DummyData of these shapes.
NetParameter shipped_net(const std::string& file, const Shape& images) {
  NetParameter net;
  read_net_file(file, &net);
  for (LayerParameter& layer : *net.mutable_layer()) {
    if (layer.type() != "Data") continue;
    layer.set_type("DummyData");
    layer.clear_data_param();
    layer.clear_transform_param();
    auto* param = layer.mutable_dummy_data_param();
    BlobShape* shape = param->add_shape();
    for (int64_t extent : images) shape->add_dim(extent);
    param->add_shape()->add_dim(images[0]);
    param->add_data_filler()->set_type("gaussian");
    param->add_data_filler()->set_type("constant");
  }
  return net;
}

struct Shipped {
  const char* name;
  const char* net;
  Shape images;
  int64_t conversions;  // in a training step, on CPUs with AVX2 or more, at most
};

class Ceilings : public testing::TestWithParam<Shipped> {};

TEST_P(Ceilings, OfATrainingStep) {
  SolverParameter param =
      solver_param("base_lr: 1e-5 lr_policy: 'fixed' momentum: 0.9 random_seed: 1", "");
  *param.mutable_net_param() = shipped_net(cat("caffe/", GetParam().net), GetParam().images);
  for (const int passes : {1, 2}) {
    SCOPED_TRACE(cat("iter_size ", passes));
    param.set_iter_size(passes);
    const auto solver = create_solver<float>(param);
    solver->step(2);
    const int64_t conversions = solver->net().conversions(), bytes = allocated_bytes();
    solver->step(1);
    EXPECT_EQ(allocated_bytes() - bytes, 0) << "bytes are allocated in every step";
    if (simd::cpu_isa() != simd::Isa::kBaseline) {
      EXPECT_LE(solver->net().conversions() - conversions, passes * GetParam().conversions);
    }
    EXPECT_EQ(solver->net().plan().fallbacks, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Plan, Ceilings,
    testing::Values(
        Shipped{"cifar10_quick",
                "examples/cifar10/cifar10_quick_train_test.prototxt",
                {2, 3, 32, 32},
                4},
        Shipped{
            "cifar10_full", "examples/cifar10/cifar10_full_train_test.prototxt", {2, 3, 32, 32}, 4},
        Shipped{
            "caffenet", "models/bvlc_reference_caffenet/train_val.prototxt", {2, 3, 227, 227}, 6},
        Shipped{"googlenet", "models/bvlc_googlenet/train_val.prototxt", {2, 3, 224, 224}, 64},
        Shipped{"resnet50", "models/resnet50/train_val.prototxt", {2, 3, 224, 224}, 54}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace test
}  // namespace caffe
