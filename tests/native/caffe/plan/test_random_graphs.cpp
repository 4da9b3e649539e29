// Small graphs of all that plans decide on, from seeds: chains in place, blobs with several
// readers, views, sums, odd numbers of channels. However such a net is run, it computes what the
// same net computes with a name for every top, in double precision and layer by layer.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "support/net_case.hpp"

namespace caffe {
namespace test {
namespace {

class RandomGraph {
 public:
  // trains: with losses; else it is for prediction, and has more of what is fused there.
  RandomGraph(int seed, bool trains) : generator_(seed), trains_(trains) {
    blobs_.push_back({"x", "x"});
    channels_ = pick({3, 8, 16});
    layer("Convolution", {0}, conv(), false);
    const int steps = 3 + static_cast<int>(generator_() % 8);
    for (int i = 0; i < steps; ++i) add_step();
    for (size_t i = 1; i < blobs_.size(); ++i) {
      if (!blobs_[i].read) end(static_cast<int>(i));
    }
  }

  // In place where the graph says so, or with a name for every top.
  const std::string& in_place() const { return same_; }
  const std::string& apart() const { return apart_; }

 private:
  struct BlobName {
    std::string same, apart;  // the name now
    bool read = false;        // the value that it has now
  };

  int64_t pick(std::vector<int64_t> from) { return from[generator_() % from.size()]; }
  int any_blob() { return 1 + static_cast<int>(generator_() % (blobs_.size() - 1)); }
  std::string conv() const {
    return cat("convolution_param { num_output: ", channels_,
               " kernel_size: 3 pad: 1 weight_filler { type: 'xavier' } "
               "bias_filler { type: 'uniform' min: -0.2 max: 0.2 } }");
  }

  void add_step() {
    const int blob = any_blob();
    const bool in_place = generator_() % 4 != 0;
    switch (generator_() % (trains_ ? 9 : 12)) {
      case 0:
      case 9: layer("Convolution", {blob}, conv(), false); break;
      case 1:
      case 2: layer("ReLU", {blob}, "", in_place); break;
      case 3: layer("BatchNorm", {blob}, "batch_norm_param { eps: 0.1 }", in_place); break;
      case 4:
        layer("Scale", {blob},
              "scale_param { bias_term: true filler { type: 'uniform' min: 0.5 max: 2 } }",
              in_place);
        break;
      case 5: layer("TanH", {blob}, "", in_place); break;
      case 6: layer("Power", {blob}, "power_param { scale: -0.7 shift: 0.1 }", in_place); break;
      case 7:
        layer("Reshape", {blob}, "reshape_param { shape { dim: 0 dim: 0 dim: 0 dim: -1 } }", false);
        break;
      default: {
        const bool follows = !trains_ && pick({0, 1, 1}) == 1;
        const int other = any_blob();
        int own = blob;
        if (follows) {
          layer("Convolution", {blob}, conv(), false);
          own = static_cast<int>(blobs_.size()) - 1;
        }
        if (other == own) return;
        const std::vector<int> bottoms =
            pick({0, 1}) == 0 ? std::vector<int>{own, other} : std::vector<int>{other, own};
        layer("Eltwise", bottoms, pick({0, 1}) == 0 ? "" : "eltwise_param { operation: MAX }",
              in_place);
        if (follows && pick({0, 1}) == 0)
          layer("ReLU", {static_cast<int>(blobs_.size()) - 1}, "", true);
      }
    }
  }

  // A layer in place makes a new value of its first bottom's blob, which nobody may have read.
  void layer(const std::string& type, const std::vector<int>& bottoms, const std::string& fields,
             bool in_place) {
    const std::string name = cat("l", ++count_);
    in_place = in_place && !blobs_[bottoms[0]].read;
    std::string same = cat("layer { name: '", name, "' type: '", type, "' "), apart = same;
    for (int bottom : bottoms) {
      same += cat("bottom: '", blobs_[bottom].same, "' ");
      apart += cat("bottom: '", blobs_[bottom].apart, "' ");
      blobs_[bottom].read = true;
    }
    if (in_place) {
      blobs_[bottoms[0]] = {blobs_[bottoms[0]].same, name};
    } else {
      blobs_.push_back({name, name});
    }
    same_ += cat(same, "top: '", in_place ? blobs_[bottoms[0]].same : name, "' ", fields, " }\n");
    apart_ += cat(apart, "top: '", name, "' ", fields, " }\n");
  }

  // Each blob that nobody has read ends in a loss of its own.
  void end(int blob) {
    const int made = static_cast<int>(blobs_.size());
    layer("InnerProduct", {blob},
          "inner_product_param { num_output: 3 weight_filler { type: 'xavier' } }", false);
    for (auto* text : {&same_, &apart_}) {
      if (trains_)
        *text += cat("layer { name: 'loss", made, "' type: 'EuclideanLoss' bottom: '",
                     blobs_[made].same, "' bottom: 'target' top: 'loss", made, "' }\n");
    }
    blobs_[made].read = true;
  }

  std::mt19937 generator_;
  const bool trains_;
  std::vector<BlobName> blobs_;
  int64_t channels_ = 8;
  int count_ = 0;
  std::string same_, apart_;
};

NetParameter param_of(const std::string& layers, int64_t batch, Phase phase = TRAIN) {
  return net_param(cat(phase == TRAIN ? "force_backward: true " : "",
                       "layer { name: 'in' type: 'Input' top: 'x' top: 'target' input_param { "
                       "  shape { dim: ",
                       batch,
                       " dim: 3 dim: 5 dim: 4 } "
                       "  shape { dim: ",
                       batch, " dim: 3 } } }\n", layers),
                   phase);
}

template <typename T>
void fill(Net<T>* net) {
  const std::vector<float> x = ramp(net->blob("x")->count());
  std::copy(x.begin(), x.end(), net->blob("x")->data().write());
  net->blob("x")->data().written();
}

// All that training makes of a net: losses, statistics, and parameters' and inputs' gradients.
template <typename T>
std::vector<std::vector<double>> results(const Net<T>& net, T loss) {
  std::vector<std::vector<double>> all = {{static_cast<double>(loss)}};
  const auto add = [&](const T* values, int64_t count) {
    all.emplace_back(values, values + count);
  };
  for (const auto& layer : net.layers()) {
    for (const auto& blob : layer->blobs()) {
      add(blob->cpu_data(), blob->count());
      add(blob->cpu_diff(), blob->count());
    }
  }
  add(net.blob("x")->cpu_diff(), net.blob("x")->count());
  return all;
}

void expect_equal(const std::vector<std::vector<double>>& actual,
                  const std::vector<std::vector<double>>& expected, const char* how) {
  ASSERT_EQ(actual.size(), expected.size()) << how;
  for (size_t i = 0; i < actual.size(); ++i) {
    double largest = 0.1;
    for (double value : expected[i]) largest = std::max(largest, std::fabs(value));
    for (size_t k = 0; k < actual[i].size(); ++k) {
      ASSERT_NEAR(actual[i][k], expected[i][k], 1e-4 * largest) << how << ", " << i << ", " << k;
    }
  }
}

// Two passes of batches of 3 and of 2: the second has other shapes, and adds to the gradients.
template <typename T, typename Pass>
std::vector<std::vector<double>> run(Net<T>* net, const Pass& pass) {
  T loss = 0;
  for (const int64_t batch : {3, 2}) {
    net->blob("x")->reshape({batch, 3, 5, 4});
    net->blob("target")->reshape({batch, 3});
    fill(net);
    loss = pass(net);
  }
  return results(*net, loss);
}

template <typename T>
T whole(Net<T>* net) {
  const T loss = net->forward();
  net->backward();
  return loss;
}

template <typename T>
T by_layers(Net<T>* net) {
  T loss = 0;
  for (int i = 0; i < net->num_layers(); ++i) loss += net->forward(i, i);
  for (int i = net->num_layers() - 1; i >= 0; --i) net->backward(i, i);
  return loss;
}

// Cut in the middle, each way.
template <typename T>
T in_two(Net<T>* net) {
  const int last = net->num_layers() - 1, cut = net->num_layers() / 2;
  T loss = net->forward(0, cut - 1);
  loss += net->forward(cut, last);
  net->backward(last, cut);
  net->backward(cut - 1, 0);
  return loss;
}

std::unique_ptr<Net<float>> copy_of(const Net<double>& exact, const std::string& layers) {
  auto net = std::make_unique<Net<float>>(param_of(layers, 3, exact.phase()),
                                          std::make_shared<Random>(1), 2);
  for (const auto& layer : exact.layers()) {
    const int id = net->layer_index(layer->name());
    for (size_t k = 0; k < layer->blobs().size(); ++k) {
      const Blob<double>& from = *layer->blobs()[k];
      std::copy_n(from.cpu_data(), from.count(), net->layer(id).blobs()[k]->data().write());
      net->layer(id).blobs()[k]->data().written();
    }
  }
  return net;
}

TEST(RandomGraphs, EveryWayToRunThemAgrees) {
  for (int seed = 0; seed < 150; ++seed) {
    const RandomGraph graph(seed, /*trains=*/true);
    SCOPED_TRACE(cat("seed ", seed, "\n", graph.in_place()));
    Net<double> exact(param_of(graph.apart(), 3), std::make_shared<Random>(seed), 1);
    const auto fresh = [&](const std::string& layers) { return copy_of(exact, layers); };
    auto plain = fresh(graph.apart()), same = fresh(graph.in_place()),
         cut = fresh(graph.in_place()), steps = fresh(graph.in_place()),
         shared = fresh(graph.in_place());
    shared->keep_gradients(false);
    shared->blob("x")->diff().pin();
    const auto expected = run(&exact, by_layers<double>);
    ASSERT_NO_FATAL_FAILURE(expect_equal(run(plain.get(), whole<float>), expected, "apart"));
    ASSERT_NO_FATAL_FAILURE(expect_equal(run(same.get(), whole<float>), expected, "in place"));
    ASSERT_NO_FATAL_FAILURE(expect_equal(run(cut.get(), in_two<float>), expected, "cut in two"));
    ASSERT_NO_FATAL_FAILURE(
        expect_equal(run(steps.get(), by_layers<float>), expected, "by layers"));
    ASSERT_NO_FATAL_FAILURE(
        expect_equal(run(shared.get(), whole<float>), expected, "gradients not kept"));
  }
}

template <typename T>
std::vector<std::vector<double>> outputs(const Net<T>& net) {
  std::vector<std::vector<double>> all;
  for (const int id : net.output_blobs()) {
    const Blob<T>& blob = *net.blobs()[id];
    if (net.blob_names()[id] == "target") continue;
    all.emplace_back(blob.cpu_data(), blob.cpu_data() + blob.count());
  }
  return all;
}

// The first half of the graphs as they are trained, with losses.
TEST(RandomGraphs, EveryWayToPredictAgrees) {
  int sums = 0;
  for (int seed = 0; seed < 200; ++seed) {
    const RandomGraph graph(seed, /*trains=*/seed < 100);
    SCOPED_TRACE(cat("seed ", seed, "\n", graph.in_place()));
    Net<double> exact(param_of(graph.apart(), 3, TEST), std::make_shared<Random>(seed), 1);
    auto apart = copy_of(exact, graph.apart()), same = copy_of(exact, graph.in_place()),
         few = copy_of(exact, graph.in_place());
    few->keep_values(std::set<int>());
    sums += same->steps().size() > few->steps().size() ? 1 : 0;
    for (const int64_t batch : {3, 2}) {
      const auto run = [&](auto* net) {
        net->blob("x")->reshape({batch, 3, 5, 4});
        net->blob("target")->reshape({batch, 3});
        fill(net);
        net->forward();
        return outputs(*net);
      };
      const auto expected = run(&exact);
      ASSERT_NO_FATAL_FAILURE(expect_equal(run(apart.get()), expected, "apart"));
      ASSERT_NO_FATAL_FAILURE(expect_equal(run(same.get()), expected, "in place"));
      ASSERT_NO_FATAL_FAILURE(expect_equal(run(few.get()), expected, "values not kept"));
    }
  }
  EXPECT_GT(sums, 10) << "graphs with a convolution that adds the other bottom of a sum";
}

}  // namespace
}  // namespace test
}  // namespace caffe
