// fuzz_seeds FOLDER: makes the fuzzers' first inputs, in a folder for each, and the words of
// prototxts (text.dict). From the repository's prototxts and images, from nets made here, and,
// where they are, from the reference files of ../shared.
#include <google/protobuf/descriptor.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>

#include "../support/shared_data.hpp"
#include "../support/temp_dir.hpp"
#include "caffe/io.hpp"
#include "caffe/layer_registry.hpp"
#include "caffe/proto/schema.hpp"
#include "caffe/threads.hpp"
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
    } else if (extension == ".jpg") {
      seeds->add("jpeg", content);
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
    const auto solver = create_solver<float>(param);
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
  set_default_threads(1);
  Seeds seeds(folder);
  add_files("caffe", &seeds);
  add_files("tests/resources/images", &seeds);
  add_files(test::shared_path("golden"), &seeds);
  add_solvers(&seeds);
  add_old_weights(&seeds);
  seeds.add("net_text", to_text(small_net()));
  add_means(&seeds);
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
