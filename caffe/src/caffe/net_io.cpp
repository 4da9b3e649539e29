// Weights from and to files, by layer name.
#include <utility>

#include "caffe/io.hpp"
#include "caffe/io/hdf5_file.hpp"
#include "caffe/log.hpp"
#include "caffe/net.hpp"
#include "caffe/threads.hpp"

namespace caffe {

// Everything is checked before anything is copied, so that a file that does not fit
// leaves the net as it was.
template <typename T>
void Net<T>::copy_trained_layers_from(const NetParameter& source, const std::string& origin) {
  ThreadScope scope(threads_);
  std::vector<std::pair<Blob<T>*, const BlobProto*>> copies;
  int known = 0;
  for (const LayerParameter& layer : source.layer()) {
    const int id = layer_index(layer.name());
    if (id < 0) continue;
    ++known;
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
  if (known == 0) log_warning(origin, ": none of its layers is in net '", name_, "'");
  for (const auto& copy : copies) copy.first->from_proto(*copy.second, false);
}

template <typename T>
void Net<T>::copy_trained_layers_from(const std::string& filename) {
  if (Hdf5File::recognises(filename)) return load_hdf5(filename);
  NetParameter source;
  read_binary_file(filename, &source);
  upgrade_net(&source, filename);
  copy_trained_layers_from(source, filename);
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
void Net<T>::save(const std::string& filename, bool write_diff) const {
  if (is_hdf5_name(filename)) return save_hdf5(filename, write_diff);
  NetParameter param;
  to_proto(&param, true, write_diff);
  write_binary_file(filename, param);
}

template class Net<float>;
template class Net<double>;

}  // namespace caffe
