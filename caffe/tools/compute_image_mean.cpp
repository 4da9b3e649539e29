// compute_image_mean: the mean of the images of a database.
#include "caffe/db.hpp"
#include "caffe/io.hpp"
#include "caffe/item.hpp"
#include "caffe/log.hpp"
#include "support/command_line.hpp"
#include "support/database.hpp"

namespace {

using namespace caffe;
using tools::CommandLine;

struct Sum {
  Item first;  // the extents that all items must have
  std::vector<double> values;
  int64_t items = 0;
};

std::string extents(const Item& item) {
  return cat(item.channels, "x", item.height, "x", item.width);
}

void add(const Item& item, Sum* sum) {
  if (sum->items == 0) {
    sum->first = item;
    sum->values.resize(item.count());
  }
  require(extents(item) == extents(sum->first), Code::kShape, "is ", extents(item),
          ", but the first image is ", extents(sum->first));
  for (size_t i = 0; i < sum->values.size(); ++i) {
    sum->values[i] += item.bytes.empty() ? item.floats[i] : static_cast<uint8_t>(item.bytes[i]);
  }
  if (++sum->items % 10000 == 0) log_info(sum->items, " images");
}

Sum add_all(const std::string& backend, const std::string& path) {
  const auto cursor = open_db(tools::to_backend(backend), path);
  Sum sum;
  for (DbRecord record; cursor->next(&record);) {
    locate_errors([&] { return cat("'", path, "', record ", printable_key(record.key)); },
                  [&] {
                    Datum datum;
                    parse_binary(record.value.data(), record.value.size(), "its value", &datum);
                    add(to_item(std::move(datum), ColorMode::kAsStored), &sum);
                  });
  }
  require(sum.items > 0, Code::kParse, "'", path, "' has no images");
  log_info("All ", sum.items, " images");
  return sum;
}

void compute(const CommandLine& line) {
  const Sum sum = add_all(line.text("backend"), line.argument(0));
  BlobProto mean;
  mean.set_num(1);
  mean.set_channels(sum.first.channels);
  mean.set_height(sum.first.height);
  mean.set_width(sum.first.width);
  for (double value : sum.values) {
    mean.add_data(static_cast<float>(value / static_cast<double>(sum.items)));
  }
  if (!line.argument(1).empty()) write_binary_file(line.argument(1), mean);
  const int plane = sum.first.height * sum.first.width;
  std::printf("Number of channels: %d\n", sum.first.channels);
  for (int c = 0; c < sum.first.channels; ++c) {
    double of_channel = 0;
    for (int i = 0; i < plane; ++i) of_channel += mean.data(c * plane + i);
    std::printf("mean_value channel [%d]: %g\n", c, of_channel / plane);
  }
}

}  // namespace

int main(int argc, char** argv) {
  tools::Tool tool;
  tool.name = "compute_image_mean";
  tool.usage = "[FLAGS] INPUT_DB [OUTPUT_FILE]";
  tool.about =
      "Writes the mean of all images of a database as a binaryproto, for "
      "transform_param.mean_file,\n"
      "and prints the mean of each channel.";
  tool.flags = {{"backend", "lmdb", "what INPUT_DB is: lmdb or leveldb"}};
  tool.least_arguments = 1;
  tool.most_arguments = 2;
  tool.run = compute;
  return tools::run_tool(tool, argc, argv);
}
