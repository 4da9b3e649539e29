#include "small_nets.hpp"

#include <vector>

#include "attempt.hpp"
#include "caffe/flat_copy.hpp"
#include "caffe/io.hpp"

namespace caffe {
namespace fuzz {

NetParameter small_net() {
  NetParameter net;
  parse_text(R"(
    name: "small"
    layer { name: "data" type: "DummyData" top: "data" top: "label" dummy_data_param {
      shape { dim: 2 dim: 3 } shape { dim: 2 dim: 1 }
      data_filler { type: "constant" value: 0.5 } data_filler { type: "constant" } } }
    layer { name: "ip1" type: "InnerProduct" bottom: "data" top: "ip1" inner_product_param {
      num_output: 4 weight_filler { type: "xavier" } } }
    layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2" inner_product_param {
      num_output: 2 bias_term: false weight_filler { type: "xavier" } } }
    layer { name: "loss" type: "EuclideanLoss" bottom: "ip2" bottom: "ip2" top: "loss"
      propagate_down: true propagate_down: false }
  )",
             "the fuzzers' net", &net);
  return net;
}

SolverParameter small_solver(const std::string& type) {
  SolverParameter solver;
  parse_text(R"(base_lr: 0.01 lr_policy: "multistep" gamma: 0.5 stepvalue: 2 stepvalue: 4
                max_iter: 10 random_seed: 1 momentum: 0.9)",
             "the fuzzers' solver", &solver);
  solver.set_type(type);
  *solver.mutable_net_param() = small_net();
  return solver;
}

namespace {

// Reads all values of a blob as a caller would, into as much room as its shape asks for.
template <typename T>
void copy_out(Storage<T>& storage, int64_t count) {
  std::vector<T> values(count);
  read_flat(storage, count, values.data());
  write_flat(values.data(), count, &storage);
}

// What callers may do between passes: inputs get other shapes, then values of any blob are moved,
// memory is handed out, and a pass begins anywhere, without the net being reshaped first.
template <typename T>
void meddle(Net<T>* net) {
  const int layers = net->num_layers();
  for (const int64_t items : {1, 9, 2}) {
    for (int id : net->input_blobs()) {
      Shape shape = net->blobs()[id]->shape();
      if (shape.empty()) continue;
      shape[0] = items;
      attempt([&] { net->blobs()[id]->reshape(shape); });
    }
    for (const auto& blob : net->blobs()) {
      if (blob->count() > 1 << 20) continue;
      attempt([&] { copy_out(blob->data(), blob->count()); });
      attempt([&] { copy_out(blob->diff(), blob->count()); });
      attempt([&] { std::fill_n(blob->data().pin(), blob->count(), T(1)); });
    }
    attempt([&] { net->forward(layers / 2, layers - 1); });
    attempt([&] { net->backward(); });
    attempt([&] { net->reshape(); });
    attempt([&] { net->forward(0, layers / 2); });
    attempt([&] { net->backward(layers - 1, layers / 2); });
  }
}

}  // namespace

template <typename T>
void build_and_run(const NetParameter& param) {
  Net<T> net(param, std::make_shared<Random>(1), 1);
  for (int id : net.input_blobs()) {
    Blob<T>& blob = *net.blobs()[id];
    T* values = blob.data().write();
    // Labels, probabilities and signed values all occur.
    for (int64_t i = 0; i < blob.count(); ++i) values[i] = static_cast<T>(i % 7) / 2 - 1;
    blob.data().written();
  }
  net.forward();
  net.backward();
  meddle(&net);
}

template void build_and_run<float>(const NetParameter&);
template void build_and_run<double>(const NetParameter&);

}  // namespace fuzz
}  // namespace caffe
