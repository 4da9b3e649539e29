// fuzz_seeds FOLDER: makes the fuzzers' first inputs, in a folder for each, and the words of
// prototxts (text.dict). From the repository's prototxts and images, from nets, images, databases
// and HDF5 files made here, and, where they are, from the reference files of ../shared.
#include <google/protobuf/descriptor.h>
#include <hdf5.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>

#include "../support/lmdb_pages.hpp"
#include "../support/png_bytes.hpp"
#include "../support/shared_data.hpp"
#include "../support/temp_dir.hpp"
#include "caffe/io.hpp"
#include "caffe/layer_registry.hpp"
#include "caffe/proto/schema.hpp"
#include "small_nets.hpp"

namespace caffe {
namespace fuzz {
namespace {

namespace fs = std::filesystem;
namespace pb = google::protobuf;

constexpr size_t kMaxSize = 8192;  // larger ones would be mutated too seldom

class Seeds {
 public:
  explicit Seeds(const fs::path& folder) : folder_(folder) { fs::remove_all(folder); }

  void add(const std::string& target, const std::string& content) {
    if (content.size() > kMaxSize) return;
    fs::create_directories(folder_ / target);
    test::write_file((folder_ / target / std::to_string(count_++)).string(), content);
  }
  void add(const std::string& target, const pb::MessageLite& message) {
    add(target, message.SerializePartialAsString());
  }

 private:
  fs::path folder_;
  int count_ = 0;
};

void add_files(const fs::path& root, Seeds* seeds) {
  if (!fs::is_directory(root)) return;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const std::string name = entry.path().string(), extension = entry.path().extension().string();
    if (!entry.is_regular_file()) continue;
    const std::string content = test::read_file(name);
    if (extension == ".prototxt") {
      const bool solver = content.find("base_lr") != std::string::npos;
      seeds->add(solver ? "solver_text" : "net_text", content);
    } else if (extension == ".jpg" || extension == ".png") {
      seeds->add(extension == ".jpg" ? "jpeg" : "png", content);
    } else if (extension == ".caffemodel" || extension == ".solverstate") {
      seeds->add(extension.substr(1), content);
    } else if (extension == ".binaryproto") {
      seeds->add("mean", content);
    }
  }
}

void add_solvers(Seeds* seeds) {
  for (const char* type : {"SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam"}) {
    SolverParameter param = small_solver(type);
    seeds->add("solver_text", to_text(param));
    if (param.type() == "RMSProp" || param.type() == "AdaGrad" || param.type() == "AdaDelta")
      param.clear_momentum();
    if (param.type() == "AdaDelta") param.set_momentum(0.9f);
    const auto solver = create_solver<float>(param, 1);
    solver->step(3);
    const test::TempDir folder;
    const auto [weights, state] = solver->snapshot(folder / "s");
    // Without their checksums, which hardly any change would get past.
    NetParameter model;
    read_binary_file(weights, &model);
    seeds->add("caffemodel", model);
    SolverState history;
    read_binary_file(state, &history);
    seeds->add("solverstate", history);
  }
}

// The same weights as older versions wrote them: V1 layers with 4-axis blobs.
void add_old_weights(Seeds* seeds) {
  NetParameter net, old;
  Net<float>(small_net(), std::make_shared<Random>(1), 1).to_proto(&net, true);
  for (const LayerParameter& layer : net.layer()) {
    if (layer.blobs_size() == 0) continue;
    V1LayerParameter* to = old.add_layers();
    to->set_name(layer.name());
    to->set_type(V1LayerParameter::INNER_PRODUCT);
    for (const BlobProto& blob : layer.blobs()) {
      BlobProto* values = to->add_blobs();
      *values->mutable_data() = blob.data();
      const int axes = blob.shape().dim_size();
      values->set_num(1);
      values->set_channels(1);
      values->set_height(axes > 1 ? static_cast<int>(blob.shape().dim(0)) : 1);
      values->set_width(static_cast<int>(blob.shape().dim(axes - 1)));
    }
  }
  seeds->add("caffemodel", old);
}

void add_means(Seeds* seeds) {
  Blob<float> mean({1, 3, 2, 2});
  BlobProto proto;
  mean.to_proto(&proto, true);
  seeds->add("mean", proto);
  proto.clear_shape();
  proto.set_num(1);
  proto.set_channels(3);
  proto.set_height(2);
  proto.set_width(2);
  seeds->add("mean", proto);
  for (int i = 0; i < proto.data_size(); ++i) proto.add_double_data(i);
  seeds->add("mean", proto);
}

void add_pngs(Seeds* seeds) {
  for (const int depth : {1, 8, 16}) {
    for (const int colour : {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_PALETTE, PNG_COLOR_TYPE_RGB,
                             PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB_ALPHA}) {
      const bool palette = colour == PNG_COLOR_TYPE_PALETTE;
      if (palette ? depth == 16 : depth == 1 && colour != PNG_COLOR_TYPE_GRAY) continue;
      seeds->add("png", test::png_bytes(5, 3, depth, colour, PNG_INTERLACE_NONE));
      seeds->add("png", test::png_bytes(5, 3, depth, colour, PNG_INTERLACE_ADAM7));
    }
  }
}

void add_databases(Seeds* seeds) {
  seeds->add("lmdb", test::LmdbPages().file(~uint64_t{0}, 0, 0));
  test::LmdbPages small;
  const uint64_t only = small.leaf({{"a", "1"}, {"b", ""}});
  seeds->add("lmdb", small.file(only, 1, 2));
  test::LmdbPages deep;
  const uint64_t first = deep.leaf({{"a", "1"}, {"b", "2"}});
  const uint64_t second = deep.leaf({{"c", std::string(600, 'x')}, {"d", "4"}, {"e", ""}});
  const uint64_t below = deep.branch({first, second}), third = deep.leaf({{"f", "6"}});
  const uint64_t beside = deep.branch({third});
  seeds->add("lmdb", deep.file(deep.branch({below, beside}), 3, 6));
}

// As HDF5 makes it; without times, which would differ in every run.
class SeedFile {
 public:
  explicit SeedFile(const std::string& name, bool newest) {
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS), root = without_times(H5P_FILE_CREATE);
    if (newest) H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    file_ = H5Fcreate(name.c_str(), H5F_ACC_TRUNC, root, access);
    H5Pclose(root);
    H5Pclose(access);
  }
  ~SeedFile() { H5Fclose(file_); }
  SeedFile(const SeedFile&) = delete;
  SeedFile& operator=(const SeedFile&) = delete;

  void group(const char* path) {
    const hid_t properties = without_times(H5P_GROUP_CREATE);
    H5Gclose(H5Gcreate2(file_, path, H5P_DEFAULT, properties, H5P_DEFAULT));
    H5Pclose(properties);
  }

  // `chunk`: 0 for values one after the other.
  void dataset(const char* path, const std::vector<hsize_t>& extents, hid_t type, hsize_t chunk) {
    const hid_t properties = without_times(H5P_DATASET_CREATE);
    if (chunk > 0) {
      const std::vector<hsize_t> chunks(extents.size(), chunk);
      H5Pset_chunk(properties, static_cast<int>(chunks.size()), chunks.data());
      H5Pset_deflate(properties, 9);
    }
    const hid_t space = H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr);
    const hid_t dataset = H5Dcreate2(file_, path, type, space, H5P_DEFAULT, properties, 0);
    const std::vector<float> values(16, 0.5f);
    H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    H5Dclose(dataset);
    H5Sclose(space);
    H5Pclose(properties);
  }

  void text(const char* path, std::string content, bool variable) {
    content.resize(kTextSize);
    const hid_t properties = without_times(H5P_DATASET_CREATE), type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, variable ? H5T_VARIABLE : kTextSize);
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t dataset = H5Dcreate2(file_, path, type, space, H5P_DEFAULT, properties, 0);
    const char* start = content.c_str();
    const void* place = variable ? static_cast<const void*>(&start) : start;
    H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, place);
    H5Dclose(dataset);
    H5Sclose(space);
    H5Tclose(type);
    H5Pclose(properties);
  }

 private:
  static constexpr size_t kTextSize = 16;

  static hid_t without_times(hid_t kind) {
    const hid_t properties = H5Pcreate(kind);
    H5Pset_obj_track_times(properties, false);
    return properties;
  }

  hid_t file_;
};

void add_hdf5(Seeds* seeds) {
  const test::TempDir folder;
  const std::string name = folder / "seed.h5";
  for (const bool newest : {false, true}) {
    {
      SeedFile weights(name, newest);
      for (const char* group : {"data", "data/ip1", "data/ip2"}) weights.group(group);
      weights.dataset("data/ip1/0", {4, 3}, H5T_IEEE_F32LE, 0);
      weights.dataset("data/ip1/1", {4}, H5T_IEEE_F64BE, 0);
      weights.dataset("data/ip2/0", {2, 4}, H5T_STD_I16LE, 0);
    }
    seeds->add("hdf5", test::read_file(name));
    SeedFile(name, newest).dataset("packed", {4, 4}, H5T_IEEE_F32LE, 2);
    seeds->add("hdf5", test::read_file(name));
    for (const bool variable : {false, true}) {
      SeedFile(name, newest).text("text", "some text", variable);
      seeds->add("hdf5", test::read_file(name));
    }
  }
}

void add_words(const pb::Descriptor* type, std::set<std::string>* words) {
  for (int i = 0; i < type->field_count(); ++i) {
    const pb::FieldDescriptor* field = type->field(i);
    if (!words->insert(field->name()).second) continue;
    if (field->message_type() != nullptr) add_words(field->message_type(), words);
    if (field->enum_type() == nullptr) continue;
    for (int k = 0; k < field->enum_type()->value_count(); ++k)
      words->insert(field->enum_type()->value(k)->name());
  }
}

void write_dictionary(const fs::path& file) {
  std::set<std::string> words;
  add_words(describe(SolverParameter())->GetDescriptor(), &words);
  add_words(describe(NetParameter())->GetDescriptor(), &words);
  for (const std::string& type : LayerRegistry<float>::types()) words.insert(type);
  for (const char* number : {"0", "-1", "2147483647", "-2147483648", "4294967295", "nan", "inf"})
    words.insert(number);
  std::ofstream out(file);
  for (const std::string& word : words) out << '"' << word << "\"\n";
  require(out.good(), Code::kIo, "'", file.string(), "' cannot be written");
}

void make(const fs::path& folder) {
  Seeds seeds(folder);
  add_files("caffe", &seeds);
  add_files("tests/resources/images", &seeds);
  add_files(test::shared_path("golden"), &seeds);
  add_solvers(&seeds);
  add_old_weights(&seeds);
  seeds.add("net_text", to_text(small_net()));
  add_means(&seeds);
  add_pngs(&seeds);
  add_databases(&seeds);
  add_hdf5(&seeds);
  write_dictionary(folder / "text.dict");
}

}  // namespace
}  // namespace fuzz
}  // namespace caffe

int main(int count, char** arguments) {
  if (count != 2) return std::fprintf(stderr, "usage: fuzz_seeds FOLDER\n"), 2;
  try {
    caffe::fuzz::make(arguments[1]);
  } catch (const std::exception& e) {
    return std::fprintf(stderr, "error: %s\n", e.what()), 1;
  }
}
