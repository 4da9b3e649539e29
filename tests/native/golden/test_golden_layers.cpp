// Nets around one layer each, against values computed by Caffe itself.
#include <gtest/gtest.h>

#include <iostream>
#include <set>

#include "caffe/io.hpp"
#include "caffe/layer_registry.hpp"
#include "caffe/net.hpp"
#include "caffe/ops/backend.hpp"
#include "support/backend_orders.hpp"
#include "support/expect_close.hpp"
#include "support/shared_data.hpp"

namespace caffe {
namespace test {
namespace {

const char kFolder[] = "golden/layers/";

struct Case {
  std::string name;
  Phase phase;
  bool backward;
};

std::vector<Case> read_index() {
  std::vector<Case> cases;
  std::ifstream in(shared_path(std::string(kFolder) + "index.tsv"));
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    std::istringstream fields(line);
    std::string name, phase;
    int backward = 0;
    fields >> name >> phase >> backward;
    cases.push_back({name, phase == "TRAIN" ? TRAIN : TEST, backward == 1});
  }
  return cases;
}

class GoldenCase {
 public:
  explicit GoldenCase(const Case& info) : info_(info) {
    const std::string base = shared_path(kFolder + info.name);
    read_net_file(base + ".prototxt", &param_);
    param_.mutable_state()->set_phase(info.phase);
    arrays_ = read_npz(base + ".npz");
  }

  // Empty if all are registered.
  std::string unknown_type() const {
    static const std::vector<std::string> types = LayerRegistry<float>::types();
    static const std::set<std::string> known(types.begin(), types.end());
    for (const LayerParameter& layer : param_.layer()) {
      if (known.count(layer.type()) == 0) return layer.type();
    }
    return "";
  }

  void run() {
    Net<float> net(param_, std::make_shared<Random>(1), 2);
    for_prefix("param/", [&](const std::string& rest, const NpyArray& a) {
      store(param_blob(net, rest)->data(), a);
    });
    for_prefix("in/", [&](const std::string& rest, const NpyArray& a) {
      store(net.blob(rest)->data(), a);
    });
    net.clear_param_diffs();
    net.forward();
    int compared = 0;
    for_prefix("out/", [&](const std::string& rest, const NpyArray& a) {
      ++compared;
      ASSERT_NE(net.blob(rest), nullptr) << rest;
      EXPECT_EQ(net.blob(rest)->shape(), a.shape) << rest;
      expect_close("out/" + rest, net.blob(rest)->cpu_data(), a);
    });
    for_prefix("after/", [&](const std::string& rest, const NpyArray& a) {
      expect_close("after/" + rest, param_blob(net, rest)->cpu_data(), a);
    });
    EXPECT_GT(compared, 0);
    if (info_.backward) run_backward(net);
  }

 private:
  void run_backward(Net<float>& net) {
    for_prefix("outdiff/", [&](const std::string& rest, const NpyArray& a) {
      store(net.blob(rest)->diff(), a);
    });
    net.backward();
    int compared = 0;
    for_prefix("indiff/", [&](const std::string& rest, const NpyArray& a) {
      ++compared;
      expect_close("indiff/" + rest, net.blob(rest)->cpu_diff(), a);
    });
    for_prefix("paramdiff/", [&](const std::string& rest, const NpyArray& a) {
      ++compared;
      expect_close("paramdiff/" + rest, param_blob(net, rest)->cpu_diff(), a);
    });
    EXPECT_GT(compared, 0);
  }

  template <typename Body>
  void for_prefix(const std::string& prefix, const Body& body) const {
    for (const auto& entry : arrays_) {
      if (entry.first.compare(0, prefix.size(), prefix) == 0) {
        body(entry.first.substr(prefix.size()), entry.second);
      }
    }
  }

  // `path`: <layer>/<index>
  static Blob<float>* param_blob(const Net<float>& net, const std::string& path) {
    const size_t slash = path.rfind('/');
    const int layer = net.layer_index(path.substr(0, slash));
    return net.layer(layer).blobs().at(std::stoul(path.substr(slash + 1))).get();
  }

  static void store(Storage<float>& storage, const NpyArray& a) {
    ASSERT_EQ(storage.count(), a.values.size());
    std::copy(a.values.begin(), a.values.end(), storage.write());
    storage.written();
  }

  const Case info_;
  NetParameter param_;
  std::map<std::string, NpyArray> arrays_;
};

class GoldenLayers : public ::testing::TestWithParam<std::vector<Backend>> {};

TEST_P(GoldenLayers, AgreeWithCaffe) {
  const std::vector<Case> cases = read_index();
  if (cases.empty()) GTEST_SKIP() << "no " << shared_path(kFolder) << "index.tsv";
  const BackendScope scope(GetParam());
  int run = 0;
  std::map<std::string, int> skipped;
  for (const Case& info : cases) {
    SCOPED_TRACE(info.name);
    GoldenCase golden(info);
    const std::string unknown = golden.unknown_type();
    if (!unknown.empty()) {
      ++skipped[unknown];
      continue;
    }
    EXPECT_NO_THROW(golden.run());
    ++run;
  }
  std::cout << "golden layers: " << run << " cases run";
  for (const auto& entry : skipped) {
    std::cout << ", " << entry.second << " skipped: no layer " << entry.first;
  }
  std::cout << std::endl;
  EXPECT_GE(run, 100);
}

INSTANTIATE_TEST_SUITE_P(Backends, GoldenLayers, backend_orders(), order_param_name);

}  // namespace
}  // namespace test
}  // namespace caffe
