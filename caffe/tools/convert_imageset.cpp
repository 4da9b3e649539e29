// convert_imageset: image files and their labels, written to a database.
#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <random>

#include "caffe/image_list.hpp"
#include "caffe/item.hpp"
#include "caffe/log.hpp"
#include "support/command_line.hpp"
#include "support/database.hpp"
#include "support/encode_image.hpp"

namespace {

using namespace caffe;
using tools::CommandLine;

// "a/b.JPG" -> "jpg"; empty if there is none.
std::string extension(const std::string& path) {
  const size_t dot = path.rfind('.'), slash = path.rfind('/');
  if (dot == std::string::npos || (slash != std::string::npos && dot < slash)) return "";
  std::string text = path.substr(dot + 1);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string same_name(const std::string& type) { return type == "jpeg" ? "jpg" : type; }

struct Options {
  explicit Options(const CommandLine& line)
      : color(line.on("gray") ? ColorMode::kGray : ColorMode::kColor),
        height(line.number("resize_height", 0)),
        width(line.number("resize_width", 0)),
        check_size(line.on("check_size")),
        encode_type(line.text("encode_type")),
        encoded(line.on("encoded") || !encode_type.empty()) {
    require((height > 0) == (width > 0), Code::kInvalidArgument,
            "--resize_height and --resize_width go together");
    require(height <= kMaxSide && width <= kMaxSide, Code::kInvalidArgument,
            "--resize_height and --resize_width are at most ", kMaxSide);
    require(encode_type.empty() || encode_type == "png" || same_name(encode_type) == "jpg",
            Code::kInvalidArgument, "--encode_type is jpg or png, not '", encode_type, "'");
  }
  static constexpr int kMaxSide = 1 << 15;
  ColorMode color;
  int height, width;
  bool check_size;
  std::string encode_type;
  bool encoded;
};

std::string content(const std::string& filename) {
  std::ifstream in(filename, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// The file as it is where it has the wanted type and size already.
Datum make_datum(const Options& options, const std::string& file, int label) {
  Item item = read_image_file(file, options.color);
  if (options.height > 0) item = resize_item(item, options.height, options.width);
  Datum datum;
  datum.set_label(label);
  if (!options.encoded) {
    datum.set_channels(item.channels);
    datum.set_height(item.height);
    datum.set_width(item.width);
    datum.set_data(std::move(item.bytes));
    return datum;
  }
  const std::string type = extension(file);
  const std::string wanted = options.encode_type.empty() ? type : options.encode_type;
  const bool as_it_is = options.height == 0 && same_name(type) == same_name(wanted);
  datum.set_data(as_it_is ? content(file) : tools::encode_image(item, wanted));
  datum.set_encoded(true);
  return datum;
}

void convert(const CommandLine& line) {
  const Options options(line);
  std::vector<ListedImage> images = read_image_list(line.argument(1));
  if (line.on("shuffle")) {
    std::shuffle(images.begin(), images.end(), std::mt19937_64(std::random_device()()));
  }
  log_info("A total of ", images.size(), " images.");
  tools::RecordWriter writer(line.text("backend"), line.argument(2), "images");
  size_t size = 0;
  for (size_t i = 0; i < images.size(); ++i) {
    Datum datum;
    try {
      datum = make_datum(options, line.argument(0) + images[i].path, images[i].label);
    } catch (const Error& e) {
      if (e.code() != Code::kIo && e.code() != Code::kParse) throw;
      log_warning(e.what(), "; the image is left out");
      continue;
    }
    if (writer.count() == 0) size = datum.data().size();
    require(!options.check_size || datum.data().size() == size, Code::kShape, "'", images[i].path,
            "' has ", datum.data().size(), " bytes of pixels, the first image has ", size);
    writer.put(tools::numbered(static_cast<int64_t>(i), 8) + "_" + images[i].path, datum);
  }
  writer.finish();
  const auto left_out = images.size() - static_cast<size_t>(writer.count());
  require(writer.count() > 0, Code::kIo, "none of the ", images.size(), " images could be read");
  if (left_out > 0) log_warning(left_out, " of ", images.size(), " images are left out");
}

}  // namespace

int main(int argc, char** argv) {
  tools::Tool tool;
  tool.name = "convert_imageset";
  tool.usage = "[FLAGS] ROOTFOLDER/ LISTFILE DB_NAME";
  tool.about =
      "Writes images (JPEG, PNG) to the new database DB_NAME. LISTFILE has a line `path label` "
      "for\n"
      "each; ROOTFOLDER/ is put in front of the path as it is. An image that cannot be read is "
      "told\n"
      "and left out.";
  tool.flags = {
      {"gray", "false", "one channel: grey", true},
      {"shuffle", "false", "write the images in random order", true},
      {"backend", "lmdb", "lmdb or leveldb", false},
      {"resize_width", "0", "resize to this width; 0: as it is", false},
      {"resize_height", "0", "resize to this height; 0: as it is", false},
      {"check_size", "false", "all images must have as many values as the first", true},
      {"encoded", "false", "write files as they are (resized ones encoded again)", true},
      {"encode_type", "", "encode as jpg or png; without it as the file is", false},
  };
  tool.least_arguments = tool.most_arguments = 3;
  tool.run = convert;
  return tools::run_tool(tool, argc, argv);
}
