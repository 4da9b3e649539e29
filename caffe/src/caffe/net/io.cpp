// Weights from and to files, by layer name.
#include "caffe/io.hpp"

#include <set>
#include <utility>

#include "caffe/io/checksum.hpp"
#include "caffe/io/hdf5_file.hpp"
#include "caffe/io/new_file.hpp"
#include "caffe/net.hpp"
#include "caffe/threads.hpp"

namespace caffe {

// Everything is checked before anything is copied, so that a file that does not fit
// leaves the net as it was.
template <typename T>
WeightsReport Net<T>::copy_trained_layers_from(const NetParameter& source,
                                               const std::string& origin, Match match) {
  ThreadScope scope(threads_);
  std::vector<std::pair<Blob<T>*, const BlobProto*>> copies;
  std::set<int> known;
  WeightsReport report{origin, 0, 0, {}, {}};
  for (const LayerParameter& layer : source.layer()) {
    const int id = layer_index(layer.name());
    if (id < 0 && layer.blobs_size() > 0) report.not_in_net.push_back(layer.name());
    if (id < 0) continue;
    known.insert(id);
    const auto& blobs = layers_[id]->blobs();
    require(static_cast<int>(blobs.size()) == layer.blobs_size(), Code::kShape, origin, ": layer '",
            layer.name(), "' has ", layer.blobs_size(), " parameter blobs there and ", blobs.size(),
            " here");
    for (int i = 0; i < layer.blobs_size(); ++i) {
      copies.emplace_back(blobs[i].get(), &layer.blobs(i));
      try {
        blobs[i]->check_proto(layer.blobs(i));
      } catch (const Error& e) {
        fail(e.code(), origin, ": layer '", layer.name(), "', parameter ", i, ": ", e.what());
      }
    }
  }
  count_taken(known, &report);
  check_match(report, match, name_);
  for (const auto& copy : copies) copy.first->from_proto(*copy.second, false);
  return report;
}

template <typename T>
void Net<T>::count_taken(const std::set<int>& known, WeightsReport* report) const {
  for (int id = 0; id < num_layers(); ++id) {
    if (layers_[id]->blobs().empty()) continue;
    ++report->wanted;
    if (known.count(id) > 0) {
      ++report->taken;
    } else {
      report->not_in_file.push_back(layers_[id]->name());
    }
  }
}

namespace {

void check_pair(const std::string& filename, Checksum wanted, Checksum found) {
  require(!wanted || found == wanted, Code::kParse, "'", filename,
          "' is not the file that was written together with the solver state: ",
          found ? "its checksum is another one" : "it has no checksum");
}

}  // namespace

template <typename T>
WeightsReport Net<T>::copy_trained_layers_from(const std::string& filename, Match match,
                                               Checksum checksum) {
  if (Hdf5File::recognises(filename)) {
    check_pair(filename, checksum, check_appended(filename));
    return load_hdf5(filename, match);
  }
  NetParameter source;
  check_pair(filename, checksum, read_binary_file(filename, &source));
  upgrade_net(&source, filename);
  return copy_trained_layers_from(source, filename, match);
}

template <typename T>
void Net<T>::to_proto(NetParameter* param, bool with_values, bool write_diff) const {
  ThreadScope scope(threads_);
  param->Clear();
  param->set_name(name_);
  for (const auto& layer : layers_) {
    LayerParameter* entry = param->add_layer();
    *entry = layer->param();
    entry->clear_blobs();
    if (entry->loss_weight_size() == 0 && layer->default_loss_weight() != T(0)) {
      entry->add_loss_weight(static_cast<float>(layer->default_loss_weight()));  // as Caffe does
    }
    for (const auto& blob : layer->blobs()) {
      BlobProto* proto = entry->add_blobs();
      if (with_values) {
        blob->to_proto(proto, write_diff);
        continue;
      }
      proto->mutable_shape();
      for (int64_t extent : blob->shape()) proto->mutable_shape()->add_dim(extent);
    }
  }
}

template <typename T>
uint32_t Net<T>::save(const NewFile& place, bool write_diff) const {
  if (is_hdf5_name(place.filename())) return save_hdf5(place, write_diff);
  NetParameter param;
  to_proto(&param, true, write_diff);
  return write_binary_file(place, param);
}

template <typename T>
void Net<T>::save(const std::string& filename, bool write_diff) const {
  NewFile place(filename);
  save(place, write_diff);
  place.commit();
}

template class Net<float>;
template class Net<double>;

}  // namespace caffe
