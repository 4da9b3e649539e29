// Times training steps (forward, backward, update) of a net on data in memory.
//
//   bench_engine SOLVER_PROTOTXT BATCH C H W THREADS WARMUP STEPS
//
// Data layers are replaced by Input layers holding random images and labels. Prints
// "ms_per_step: <median> <min>". Paths in the solver are relative to the working
// directory, which should be caffe/.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "caffe/io.hpp"
#include "caffe/solver.hpp"
#include "caffe/threads.hpp"

namespace {

// The TRAIN part of the net with its first two tops as inputs.
caffe::NetParameter with_inputs(const caffe::NetParameter& source,
                                const std::vector<int64_t>& image) {
  caffe::NetParameter net;
  net.set_name(source.name());
  for (const char* top : {"data", "label"}) {
    auto* input = net.add_layer();
    input->set_name(top);
    input->set_type("Input");
    input->add_top(top);
    auto* shape = input->mutable_input_param()->add_shape();
    shape->add_dim(image[0]);
    if (std::string(top) == "data") {
      for (size_t i = 1; i < image.size(); ++i) shape->add_dim(image[i]);
    }
  }
  for (const auto& layer : source.layer()) {
    if (layer.type() != "Data" && layer.type() != "JavaData") *net.add_layer() = layer;
  }
  return net;
}

void fill_inputs(caffe::Net<float>& net, int classes) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> pixel(-128, 127);
  auto* data = net.blob("data");
  float* values = data->mutable_cpu_data();
  for (int64_t i = 0; i < data->count(); ++i) values[i] = pixel(random);
  auto* label = net.blob("label");
  values = label->mutable_cpu_data();
  for (int64_t i = 0; i < label->count(); ++i) values[i] = static_cast<float>(random() % classes);
}

// Width of the score layer that the loss reads.
int num_classes(const caffe::NetParameter& net) {
  int classes = 1;
  for (const auto& layer : net.layer()) {
    if (layer.type() == "InnerProduct") classes = layer.inner_product_param().num_output();
  }
  return classes;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 9) {
    std::fprintf(stderr, "usage: %s SOLVER_PROTOTXT BATCH C H W THREADS WARMUP STEPS\n", argv[0]);
    return 2;
  }
  try {
    std::vector<int64_t> image;
    for (int i = 2; i < 6; ++i) image.push_back(std::atoll(argv[i]));
    const int threads = std::atoi(argv[6]), warmup = std::atoi(argv[7]), steps = std::atoi(argv[8]);
    caffe::set_default_threads(threads);

    caffe::SolverParameter param;
    caffe::read_text_file(argv[1], &param);
    caffe::NetParameter net;
    caffe::read_text_file(param.net(), &net);
    param.clear_net();
    param.clear_test_iter();
    param.clear_test_interval();
    param.clear_snapshot();
    param.set_display(0);
    param.set_base_lr(1e-6f);  // random labels: stay finite
    param.set_iter_size(1);    // a step is one minibatch
    param.set_random_seed(1);
    *param.mutable_train_net_param() = with_inputs(net, image);

    auto solver = caffe::create_solver<float>(param);
    fill_inputs(solver->net(), num_classes(net));
    caffe::ThreadScope scope(threads);
    solver->step(warmup);
    std::vector<double> times;
    for (int i = 0; i < steps; ++i) {
      const auto start = std::chrono::steady_clock::now();
      solver->step(1);
      const std::chrono::duration<double, std::milli> elapsed =
          std::chrono::steady_clock::now() - start;
      times.push_back(elapsed.count());
    }
    std::sort(times.begin(), times.end());
    std::printf("ms_per_step: %.3f %.3f\n", times[times.size() / 2], times[0]);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench_engine: %s\n", e.what());
    return 1;
  }
  return 0;
}
