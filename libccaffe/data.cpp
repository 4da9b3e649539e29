// ccaffe.h, section "data".
#include <limits>

#include "caffe/java_data_layer.hpp"
#include "caffe/memory_data_layer.hpp"
#include "handles.hpp"

using caffe::Code;
using ccaffe::given;
using ccaffe::guard;

namespace {

using JavaData = caffe::JavaDataLayer<float>;
using MemoryData = caffe::MemoryDataLayer<float>;

// Layer `index` of the net, which must be of the type `Data`; `what` such layers take.
template <typename Data>
Data& data_layer(const ccaffe::Net& net, int32_t index, const char* what) {
  ccaffe::check_index(index, net.num_layers(), "layer");
  auto* layer = dynamic_cast<Data*>(&net.layer(index));
  caffe::require(layer != nullptr, Code::kInvalidArgument, "layer '", net.layer(index).name(),
                 "' is of type ", net.layer(index).type(), "; only ", what);
  return *layer;
}

// Callbacks get extents of 32 bits.
int32_t narrow(int64_t extent, const std::string& layer) {
  caffe::require(extent <= std::numeric_limits<int32_t>::max(), Code::kShape, "layer '", layer,
                 "': extent ", extent, " is too large for a data callback");
  return static_cast<int32_t>(extent);
}

JavaData::Callback adapt(ccaffe_data_callback callback, void* context, const std::string& layer) {
  if (callback == nullptr) return nullptr;
  return [callback, context, layer](float* data, int64_t batch, const caffe::Shape& item) {
    std::vector<int32_t> shape;
    for (int64_t extent : item) shape.push_back(narrow(extent, layer));
    const int32_t items = narrow(batch, layer);
    const int32_t status =
        callback(context, data, items, static_cast<int32_t>(shape.size()), shape.data());
    caffe::require(status == 0, Code::kCallback, "the data callback of layer '", layer,
                   "' failed with status ", status);
  };
}

std::string java_data_names(const ccaffe::Net& net) {
  std::string names;
  for (int id : net.java_data_layers()) {
    names += (names.empty() ? "'" : ", '") + net.layer(id).name() + "'";
  }
  return names;
}

}  // namespace

ccaffe_status ccaffe_net_set_data_callback(ccaffe_net* net, int32_t layer,
                                           ccaffe_data_callback callback, void* context) {
  return guard([&] {
    const auto locked = ccaffe::lock_idle(net);
    auto& java_data = data_layer<JavaData>(*locked, layer, "JavaData layers take a data callback");
    java_data.set_callback(adapt(callback, context, java_data.name()));
  });
}

ccaffe_status ccaffe_net_set_feed(ccaffe_net* net, ccaffe_feed_callback callback, void* context) {
  return guard([&] {
    const auto locked = ccaffe::lock_idle(net);
    if (callback == nullptr) {
      locked->set_feed(nullptr);
      return;
    }
    const std::string names = java_data_names(*locked);
    locked->set_feed([callback, context, names](const std::vector<float*>& tops,
                                                const std::vector<int64_t>& counts) {
      const int32_t status =
          callback(context, static_cast<int32_t>(tops.size()), tops.data(), counts.data());
      caffe::require(status == 0, Code::kCallback, "the feed of layers ", names,
                     " failed with status ", status);
    });
  });
}

ccaffe_status ccaffe_net_set_batch_size(ccaffe_net* net, int32_t batch) {
  return guard([&] { ccaffe::lock_running(net)->set_batch_size(batch); });
}

ccaffe_status ccaffe_net_feed_shapes(ccaffe_net* net, ccaffe_buffer** shapes) {
  return guard([&] {
    const auto locked = ccaffe::lock(net);
    given(shapes, "shapes");
    std::string text;
    for (int id : locked->java_data_layers()) {
      text += locked->blob_names()[locked->top_ids(id)[0]];
      for (int64_t extent : locked->tops(id)[0]->shape()) text += " " + std::to_string(extent);
      text += "\n";
    }
    *shapes = ccaffe::add_buffer(text);
  });
}

ccaffe_status ccaffe_net_set_memory_data(ccaffe_net* net, int32_t layer, const float* data,
                                         int64_t data_count, const float* labels,
                                         int64_t label_count) {
  return guard([&] {
    const auto locked = ccaffe::lock_idle(net);
    auto& memory_data =
        data_layer<MemoryData>(*locked, layer, "MemoryData layers take arrays of items");
    memory_data.reset(given(data, "data"), data_count, given(labels, "labels"), label_count);
  });
}
