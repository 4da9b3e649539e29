// extract_features: values of blobs of a net, written to databases.
#include "caffe/gpu_mode.hpp"
#include "caffe/io.hpp"
#include "caffe/log.hpp"
#include "caffe/net.hpp"
#include "support/command_line.hpp"
#include "support/database.hpp"

namespace {

using namespace caffe;
using tools::CommandLine;

struct Feature {
  std::string name;
  Blob<float>* blob;
  std::unique_ptr<tools::RecordWriter> writer;
};

// One datum for each item of the batch, with the item's values.
void write_batch(Feature* feature) {
  const Blob<float>& blob = *feature->blob;
  const int64_t items = blob.legacy_dim(0);
  const int64_t size = items > 0 ? blob.count() / items : 0;
  const float* values = blob.cpu_data();
  for (int64_t item = 0; item < items; ++item, values += size) {
    Datum datum;
    datum.set_channels(static_cast<int>(blob.legacy_dim(1)));
    datum.set_height(static_cast<int>(blob.legacy_dim(2)));
    datum.set_width(static_cast<int>(blob.legacy_dim(3)));
    datum.mutable_float_data()->Add(values, values + size);
    feature->writer->put(tools::numbered(feature->writer->count(), 10), datum);
  }
}

std::vector<Feature> open_features(const Net<float>& net, const CommandLine& line) {
  const auto names = CommandLine::split(line.argument(2));
  const auto paths = CommandLine::split(line.argument(3));
  require(names.size() == paths.size() && !names.empty(), Code::kInvalidArgument,
          "each blob needs a database: ", names.size(), " blobs, ", paths.size(), " databases");
  std::vector<Feature> features;
  for (const std::string& name : names) {
    require(net.blob(name) != nullptr, Code::kInvalidArgument, line.argument(1),
            ": the net has no blob '", name, "'");
    features.push_back({name, net.blob(name), nullptr});
  }
  for (size_t i = 0; i < features.size(); ++i) {
    features[i].writer = std::make_unique<tools::RecordWriter>(line.argument(5), paths[i],
                                                               "features of " + names[i]);
  }
  return features;
}

void extract(const CommandLine& line) {
  const int batches = CommandLine::to_number(line.argument(4), "the number of batches", 1);
  const std::string device = line.argument(6);
  require(device.empty() || device == "CPU" || device == "GPU", Code::kInvalidArgument,
          "the device is CPU or GPU, not '", device, "'");
  if (device == "GPU") ask_for_gpu();
  NetParameter param;
  read_net_file(line.argument(1), &param);
  param.mutable_state()->set_phase(TEST);
  Net<float> net(param);
  net.copy_trained_layers_from(line.argument(0));
  std::vector<Feature> features = open_features(net, line);
  for (int batch = 0; batch < batches; ++batch) {
    net.forward();
    for (Feature& feature : features) write_batch(&feature);
  }
  for (Feature& feature : features) feature.writer->finish();
}

}  // namespace

int main(int argc, char** argv) {
  tools::Tool tool;
  tool.name = "extract_features";
  tool.usage = "WEIGHTS NET BLOB[,BLOB...] DB[,DB...] BATCHES lmdb|leveldb [CPU|GPU] [DEVICE]";
  tool.about =
      "Runs the net of the prototxt NET in phase TEST with WEIGHTS (a caffemodel) over BATCHES\n"
      "batches and writes what each BLOB holds to its new database: one datum of floats for each\n"
      "item of the batch, with keys 0000000000, 0000000001, ...";
  tool.least_arguments = 6;
  tool.most_arguments = 8;
  tool.run = extract;
  return tools::run_tool(tool, argc, argv);
}
