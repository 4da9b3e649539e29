// Times training steps (forward, backward, update) or forward passes of a net on data in memory.
//
//   bench_engine train SOLVER_PROTOTXT BATCH C H W THREADS WARMUP STEPS
//   bench_engine infer DEPLOY_PROTOTXT BATCH C H W THREADS WARMUP STEPS
//
// For training, Data layers are replaced by Input layers holding random images and labels; a net
// for prediction has one input, which is given BATCH images, is in phase TEST and gets them anew
// before every pass. Prints "ms_per_step: <median> <min>", and "peak_mib: <MiB>", the most memory
// that this process had. Paths in the solver are relative to the working directory, which should be
// caffe/.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "caffe/io.hpp"
#include "caffe/solver.hpp"
#include "caffe/threads.hpp"

namespace {

struct Sizes {
  std::vector<int64_t> image;  // batch, channels, height, width
  int threads, warm_up, steps;
};

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

void fill_images(caffe::Blob<float>* data) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> pixel(-128, 127);
  float* values = data->mutable_cpu_data();
  for (int64_t i = 0; i < data->count(); ++i) values[i] = pixel(random);
}

void fill_labels(caffe::Blob<float>* label, int classes) {
  std::mt19937 random(1);
  float* values = label->mutable_cpu_data();
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

// VmHWM and not getrusage, whose figure begins with that of whoever started this program.
double peak_mib() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    double kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib / 1024;
  }
  throw std::runtime_error("/proc/self/status has no VmHWM");
}

// Runs all steps, and prints what the timed ones took.
void time_steps(const Sizes& sizes, const std::function<void()>& step) {
  for (int i = 0; i < sizes.warm_up; ++i) step();
  std::vector<double> times;
  for (int i = 0; i < sizes.steps; ++i) {
    const auto start = std::chrono::steady_clock::now();
    step();
    const std::chrono::duration<double, std::milli> elapsed =
        std::chrono::steady_clock::now() - start;
    times.push_back(elapsed.count());
  }
  std::sort(times.begin(), times.end());
  std::printf("ms_per_step: %.3f %.3f\n", times[times.size() / 2], times[0]);
  std::printf("peak_mib: %.1f\n", peak_mib());
}

void train(const std::string& solver_file, const Sizes& sizes) {
  caffe::SolverParameter param;
  caffe::read_text_file(solver_file, &param);
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
  *param.mutable_train_net_param() = with_inputs(net, sizes.image);

  auto solver = caffe::create_solver<float>(param, sizes.threads);
  solver->net().keep_gradients(false);  // as trainers do
  fill_images(solver->net().blob("data"));
  fill_labels(solver->net().blob("label"), num_classes(net));
  time_steps(sizes, [&] { solver->step(1); });
}

// Running statistics of normal numbers: those of a net that has not trained are zeros, by which
// values would grow beyond all bounds.
void set_statistics(caffe::Net<float>* net) {
  for (const auto& layer : net->layers()) {
    if (layer->param().type() != "BatchNorm") continue;
    for (int i : {1, 2}) {  // the variance, and what all are divided by
      auto& blob = *layer->blobs()[i];
      std::fill_n(blob.mutable_cpu_data(), blob.count(), 1.f);
    }
  }
}

void infer(const std::string& net_file, const Sizes& sizes) {
  caffe::NetParameter param;
  caffe::read_net_file(net_file, &param);
  param.mutable_state()->set_phase(caffe::TEST);
  caffe::Net<float> net(param, nullptr, sizes.threads);
  net.keep_values(std::set<int>());  // as where DataFrames are scored
  if (net.input_blobs().size() != 1) throw std::runtime_error(net_file + " has not one input");
  auto* images = net.blobs()[net.input_blobs()[0]].get();
  images->reshape(caffe::Shape(sizes.image.begin(), sizes.image.end()));
  net.reshape();
  set_statistics(&net);
  fill_images(images);
  auto* scores = net.blobs()[net.output_blobs()[0]].get();
  time_steps(sizes, [&] {
    images->mutable_cpu_data();  // as if there were new ones
    net.forward();
    scores->cpu_data();
  });
  if (net.first_not_finite().in != caffe::NotFinite::kNothing) {
    throw std::runtime_error(net_file + " gives values that are not finite");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc == 10 ? argv[1] : "";
  if (mode != "train" && mode != "infer") {
    std::fprintf(stderr, "usage: %s train|infer PROTOTXT BATCH C H W THREADS WARMUP STEPS\n",
                 argv[0]);
    return 2;
  }
  try {
    Sizes sizes{{}, std::atoi(argv[7]), std::atoi(argv[8]), std::atoi(argv[9])};
    for (int i = 3; i < 7; ++i) sizes.image.push_back(std::atoll(argv[i]));
    caffe::ThreadScope scope(sizes.threads);
    (mode == "train" ? train : infer)(argv[2], sizes);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench_engine: %s\n", e.what());
    return 1;
  }
  return 0;
}
