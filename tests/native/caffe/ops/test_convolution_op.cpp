#include <algorithm>

#include "caffe/blob.hpp"
#include "caffe/ops/convolution_op.hpp"
#include "caffe/threads.hpp"
#include "support/op_compare.hpp"

namespace caffe {
namespace test {
namespace {

class Geometries {
 public:
  explicit Geometries(int axes) : axes_(axes) {}

  ConvolutionGeometry next() {
    ConvolutionGeometry g;
    g.batch = pick(1, 5);
    g.groups = pick(1, 3);
    g.in_channels = g.groups * pick(1, 9);
    g.out_channels = g.groups * pick(1, 9);
    g.bias = pick(0, 1) == 1;
    for (int i = 0; i < axes_; ++i) {
      g.kernel.push_back(pick(1, 4));
      g.stride.push_back(pick(1, 3));
      g.dilation.push_back(pick(1, 2));
      g.pad.push_back(pick(0, 2));
      const int64_t extent = g.dilation[i] * (g.kernel[i] - 1) + 1;
      g.in.push_back(extent + pick(0, 8));
      g.out.push_back((g.in[i] + 2 * g.pad[i] - extent) / g.stride[i] + 1);
    }
    return g;
  }
  std::mt19937& generator() { return generator_; }

 private:
  int64_t pick(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(generator_);
  }
  const int axes_;
  std::mt19937 generator_{11};
};

std::string text(const ConvolutionGeometry& g) {
  return cat("batch ", g.batch, " channels ", g.in_channels, "->", g.out_channels, " groups ",
             g.groups, " in ", shape_string(g.in), " kernel ", shape_string(g.kernel), " stride ",
             shape_string(g.stride), " pad ", shape_string(g.pad), " dilation ",
             shape_string(g.dilation));
}

// Runs both ops twice on the same values: gradients of weights are added.
void compare(ConvolutionOp<float>& fast, ConvolutionOp<float>& plain, const ConvolutionGeometry& g,
             std::mt19937& generator) {
  const int64_t weights = g.out_channels * g.in_channels / g.groups * product(g.kernel);
  const int64_t outputs = g.batch * g.out_channels * product(g.out);
  const int64_t inputs = g.batch * g.in_channels * product(g.in);
  Storage<float> x(inputs), w(weights), b(g.out_channels), dy(outputs);
  for (Storage<float>* s : {&x, &w, &b, &dy}) fill_random(*s, generator);
  struct Results {
    Storage<float> y, dx, dw, db;
  };
  Results actual{Storage<float>(outputs), Storage<float>(inputs), Storage<float>(weights),
                 Storage<float>(g.out_channels)};
  Results expected{Storage<float>(outputs), Storage<float>(inputs), Storage<float>(weights),
                   Storage<float>(g.out_channels)};
  for (int pass = 0; pass < 2; ++pass) {
    for (auto [op, r] : {std::make_pair(&fast, &actual), std::make_pair(&plain, &expected)}) {
      op->forward(x, w, g.bias ? &b : nullptr, r->y);
      op->backward_weights(x, dy, &r->dw, g.bias ? &r->db : nullptr);
      op->backward_data(dy, w, r->dx);
    }
    const double patch = static_cast<double>(weights) / static_cast<double>(g.out_channels);
    expect_equal("y", actual.y, expected.y, patch);
    expect_equal("dx", actual.dx, expected.dx, patch);
    const double positions = 2 * static_cast<double>(g.batch * product(g.out));
    expect_equal("dw", actual.dw, expected.dw, positions);
    if (g.bias) expect_equal("db", actual.db, expected.db, positions);
  }
}

void compare_random(int axes, int count) {
  Geometries geometries(axes);
  int taken = 0;
  for (int i = 0; i < count; ++i) {
    const ConvolutionGeometry g = geometries.next();
    SCOPED_TRACE(text(g));
    auto fast = make_onednn_op([&] { return create_convolution<float>(g, nullptr); });
    if (!fast) continue;
    ++taken;
    auto plain =
        make_op({Backend::kReference}, [&] { return create_convolution<float>(g, nullptr); });
    compare(*fast, *plain, g, geometries.generator());
    // Once more for values that come in the format that the op itself likes best.
    auto fed = make_onednn_op([&] { return create_convolution<float>(g, fast->bottom_format()); });
    ASSERT_NE(fed, nullptr);
    compare(*fed, *plain, g, geometries.generator());
  }
  EXPECT_GE(taken, count / 2) << "oneDNN declines most geometries";
}

// The convolution plus what is there, rectified or not.
TEST(ConvolutionOp, BackEndsAgreeOnSums) {
  Geometries geometries(2);
  int taken = 0;
  for (int i = 0; i < 40; ++i) {
    ConvolutionGeometry g = geometries.next();
    g.sum = true;
    g.relu = i % 2 == 0;
    g.train = false;
    SCOPED_TRACE(text(g));
    const int64_t weights = g.out_channels * g.in_channels / g.groups * product(g.kernel);
    const int64_t outputs = g.batch * g.out_channels * product(g.out);
    Storage<float> x(g.batch * g.in_channels * product(g.in)), w(weights), b(g.out_channels);
    Storage<float> term(outputs), y(outputs), expected(outputs);
    for (Storage<float>* s : {&x, &w, &b, &term}) fill_random(*s, geometries.generator());
    auto plain =
        make_op({Backend::kReference}, [&] { return create_convolution<float>(g, nullptr); });
    const auto begin = [&](Storage<float>& sum) {
      std::copy_n(term.read(), outputs, sum.write());
      sum.written();
    };
    begin(expected);
    plain->forward_sum(x, w, g.bias ? &b : nullptr, expected);
    ConvolutionGeometry alone = g;
    alone.sum = alone.relu = false;
    Storage<float> by_hand(outputs);
    make_op({Backend::kReference}, [&] {
      return create_convolution<float>(alone, nullptr);
    })->forward(x, w, g.bias ? &b : nullptr, by_hand);
    float* sums = by_hand.read_write();
    for (int64_t k = 0; k < outputs; ++k) {
      sums[k] += term.read()[k];
      if (g.relu) sums[k] = std::max(sums[k], 0.f);
    }
    const double patch = static_cast<double>(weights) / static_cast<double>(g.out_channels);
    expect_equal("reference", expected, by_hand, patch);
    auto fast = make_onednn_op([&] { return create_convolution<float>(g, nullptr); });
    if (!fast) continue;
    ++taken;
    for (const FormatPtr& format : {FormatPtr(), fast->bottom_format()}) {
      auto fed = make_onednn_op([&] { return create_convolution<float>(g, format); });
      begin(y);
      fed->forward_sum(x, w, g.bias ? &b : nullptr, y);
      expect_equal("y", y, expected, patch);
    }
  }
  EXPECT_GE(taken, 20) << "oneDNN declines most geometries";
}

TEST(ConvolutionOp, BackEndsAgreeOnImages) { compare_random(2, 40); }
TEST(ConvolutionOp, BackEndsAgreeOnSequences) { compare_random(1, 10); }
TEST(ConvolutionOp, BackEndsAgreeOnVolumes) { compare_random(3, 8); }

TEST(ConvolutionOp, NoSpatialAxesIsAMatrixProduct) {
  ConvolutionGeometry g;
  g.batch = 2;
  g.in_channels = 3;
  g.out_channels = 1;
  g.bias = false;
  auto op = create_convolution<float>(g, nullptr);
  Storage<float> x(6), w(3), y(2);
  for (int i = 0; i < 6; ++i) x.read_write()[i] = static_cast<float>(i);
  for (int i = 0; i < 3; ++i) w.read_write()[i] = 1;
  op->forward(x, w, nullptr, y);
  EXPECT_EQ(y.read()[0], 3);
  EXPECT_EQ(y.read()[1], 12);
}

TEST(ConvolutionOp, ReferenceDoesNotDependOnThreads) {
  Geometries geometries(2);
  for (int i = 0; i < 5; ++i) {
    const ConvolutionGeometry g = geometries.next();
    const int64_t weights = g.out_channels * g.in_channels / g.groups * product(g.kernel);
    Storage<float> x(g.batch * g.in_channels * product(g.in));
    Storage<float> dy(g.batch * g.out_channels * product(g.out)), one(weights), three(weights);
    fill_random(x, geometries.generator());
    fill_random(dy, geometries.generator());
    auto op = make_op({Backend::kReference}, [&] { return create_convolution<float>(g, nullptr); });
    for (auto [threads, dw] : {std::make_pair(1, &one), std::make_pair(3, &three)}) {
      const ThreadScope scope(threads);
      op->backward_weights(x, dy, dw, nullptr);
    }
    for (int64_t k = 0; k < weights; ++k) ASSERT_EQ(one.read()[k], three.read()[k]) << k;
  }
}

}  // namespace
}  // namespace test
}  // namespace caffe
