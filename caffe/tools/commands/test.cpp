#include "caffe/log.hpp"
#include "commands/commands.hpp"

namespace caffe::tools {
namespace {

// Loss weight of a blob, 0 if it is no loss.
double loss_weight(const Net<float>& net, int blob) {
  for (int i = 0; i < net.num_layers(); ++i) {
    for (size_t top = 0; top < net.top_ids(i).size(); ++top) {
      if (net.top_ids(i)[top] == blob) return net.layer(i).loss(static_cast<int>(top));
    }
  }
  return 0;
}

struct Score {
  int blob;
  double sum;
};

// Adds every element of every output to `scores`.
void add_outputs(const Net<float>& net, int batch, std::vector<Score>* scores) {
  size_t position = 0;
  for (int id : net.output_blobs()) {
    const Blob<float>& blob = *net.blobs()[id];
    const float* values = blob.cpu_data();
    for (int64_t k = 0; k < blob.count(); ++k, ++position) {
      if (position == scores->size()) scores->push_back({id, 0});
      (*scores)[position].sum += values[k];
      log_info("Batch ", batch, ", ", net.blob_names()[id], " = ", values[k]);
    }
  }
}

}  // namespace

void test(const CommandLine& line) {
  const int iterations = line.number("iterations", 1);
  require(!line.text("weights").empty(), Code::kInvalidArgument,
          "--weights is missing: the caffemodel to test");
  const std::vector<std::string> files = line.list("weights");
  require(!files.empty(), Code::kInvalidArgument, "--weights names no file");
  const std::unique_ptr<Net<float>> net = read_model(line, TEST);
  for (const std::string& file : files) net->copy_trained_layers_from(file);
  log_info("Running for ", iterations, " iterations.");
  std::vector<Score> scores;
  double loss = 0;
  for (int batch = 0; batch < iterations; ++batch) {
    loss += net->forward();
    add_outputs(*net, batch, &scores);
  }
  log_info("Loss: ", loss / iterations);
  for (const Score& score : scores) {
    const double mean = score.sum / iterations, weight = loss_weight(*net, score.blob);
    log_info(net->blob_names()[score.blob], " = ", mean,
             weight != 0 ? cat(" (* ", weight, " = ", weight * mean, " loss)") : "");
  }
}

}  // namespace caffe::tools
