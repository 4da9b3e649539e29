// Weights as HDF5: blob i of a layer is the dataset data/<layer>/<i>,
// its gradient diff/<layer>/<i>. A layer whose name has slashes lies in groups of groups.
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "caffe/io/checksum.hpp"
#include "caffe/io/hdf5_file.hpp"
#include "caffe/io/new_file.hpp"
#include "caffe/net.hpp"
#include "caffe/threads.hpp"

namespace caffe {
namespace {

// Layer and index of the parameters that a net owns; others use their memory.
template <typename T>
std::set<std::pair<int, int>> owned_params(const Net<T>& net) {
  std::set<std::pair<int, int>> owned;
  for (const auto& param : net.learnable_params()) owned.emplace(param.layer, param.index);
  return owned;
}

// HDF5 leaves out empty parts of a path, and those that are a dot.
bool is_path(const std::string& name) {
  const std::string path = cat("/", name, "/");
  return path.find("//") == std::string::npos && path.find("/./") == std::string::npos;
}

// Layers with parameters that the file has and the net has not. Of a name with slashes the first
// part counts.
template <typename T>
std::vector<std::string> unknown_layers(const Hdf5File& file, const Net<T>& net) {
  std::set<std::string> ours;
  for (const auto& layer : net.layers()) {
    ours.insert(layer->name().substr(0, layer->name().find('/')));
  }
  std::vector<std::string> unknown;
  for (const std::string& name : file.names("data")) {
    if (ours.count(name) == 0 && file.count("data/" + name) > 0) unknown.push_back(name);
  }
  return unknown;
}

// What is to be copied into `blob`.
template <typename T>
struct Copy {
  Blob<T>* blob;
  std::vector<T> values;
};

template <typename T>
Copy<T> read_param(const Hdf5File& file, const std::string& path, const std::string& where,
                   Blob<T>* blob) {
  const Shape shape = file.shape(path);
  require(shape == blob->shape(), Code::kShape, where, ": shape ", shape_string(shape),
          " in the file does not equal shape ", shape_string(blob->shape()), " here");
  std::vector<T> values(blob->count());
  file.read(path, blob->count(), values.data());
  locate_errors([&] { return where; }, [&] { check_finite(values.data(), blob->count()); });
  return {blob, std::move(values)};
}

}  // namespace

// Everything is read and checked before anything is copied.
template <typename T>
WeightsReport Net<T>::load_hdf5(const std::string& filename, Match match) {
  ThreadScope scope(threads_);
  const Hdf5File file = Hdf5File::open(filename);
  require(file.exists("data"), Code::kParse, "'", filename,
          "' has no group 'data': it holds no weights");
  const auto owned = owned_params(*this);
  std::vector<Copy<T>> copies;
  std::set<int> known;
  for (int id = 0; id < num_layers(); ++id) {
    const std::string& name = layers_[id]->name();
    const std::string group = "data/" + name;
    if (!is_path(name) || !file.exists(group)) continue;
    known.insert(id);
    const auto& blobs = layers_[id]->blobs();
    const int count = static_cast<int>(blobs.size());
    require(!file.exists(cat(group, "/", count)), Code::kShape, filename, ": layer '", name,
            "' has more than ", count, " parameter blobs there and ", count, " here");
    for (int i = 0; i < count; ++i) {
      const std::string path = cat(group, "/", i);
      const std::string where = cat(filename, ": layer '", name, "', parameter ", i);
      if (!file.exists(path)) {
        require(owned.count({id, i}) == 0, Code::kShape, where, " is not there, and needed here");
        continue;
      }
      copies.push_back(read_param(file, path, where, blobs[i].get()));
    }
  }
  WeightsReport report{filename, 0, 0, {}, unknown_layers(file, *this)};
  count_taken(known, &report);
  check_match(report, match, name_);
  for (const Copy<T>& copy : copies) {
    std::copy(copy.values.begin(), copy.values.end(), copy.blob->data().write());
    copy.blob->data().written();
  }
  return report;
}

template <typename T>
uint32_t Net<T>::save_hdf5(const NewFile& place, bool write_diff) const {
  ThreadScope scope(threads_);
  const std::string& filename = place.filename();
  Hdf5File file = Hdf5File::create(place.path(), filename);
  const auto owned = owned_params(*this);
  file.make_group("data");
  if (write_diff) file.make_group("diff");
  for (int id = 0; id < num_layers(); ++id) {
    const std::string& name = layers_[id]->name();
    require(is_path(name), Code::kUnsupported, "'", filename, "' cannot be written: layer name '",
            name, "' is no path in an HDF5 file");
    file.make_group("data/" + name);
    if (write_diff) file.make_group("diff/" + name);
    const auto& blobs = layers_[id]->blobs();
    for (int i = 0; i < static_cast<int>(blobs.size()); ++i) {
      const Blob<T>& blob = *blobs[i];
      if (owned.count({id, i}) != 0) {
        file.write(cat("data/", name, "/", i), blob.shape(), blob.cpu_data());
      }
      if (write_diff) file.write(cat("diff/", name, "/", i), blob.shape(), blob.cpu_diff());
    }
  }
  file.close();
  return append_checksum(place.path(), filename);
}

template WeightsReport Net<float>::load_hdf5(const std::string&, Match);
template WeightsReport Net<double>::load_hdf5(const std::string&, Match);
template uint32_t Net<float>::save_hdf5(const NewFile&, bool) const;
template uint32_t Net<double>::save_hdf5(const NewFile&, bool) const;

}  // namespace caffe
