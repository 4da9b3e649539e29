// ccaffe.h, section "weights".
#include "handles.hpp"

using ccaffe::check_count;
using ccaffe::given;
using ccaffe::guard;

ccaffe_status ccaffe_net_weights_layout(ccaffe_net* net, ccaffe_buffer** net_param) {
  return guard([&] {
    const auto locked = ccaffe::lock(net);
    given(net_param, "net_param");
    caffe::NetParameter layout;
    layout.set_name(locked->name());
    int last = -1;
    for (const auto& learnable : locked->learnable_params()) {
      const auto& layer = locked->layer(learnable.layer);
      if (learnable.layer != last) {
        caffe::LayerParameter* entry = layout.add_layer();
        entry->set_name(layer.name());
        entry->set_type(layer.type());
      }
      last = learnable.layer;
      auto* blob = layout.mutable_layer(layout.layer_size() - 1)->add_blobs();
      blob->mutable_shape();
      for (int64_t extent : learnable.blob->shape()) blob->mutable_shape()->add_dim(extent);
    }
    *net_param = ccaffe::add_buffer(layout.SerializeAsString());
  });
}

ccaffe_status ccaffe_net_weights_count(ccaffe_net* net, int64_t* count) {
  return guard([&] {
    const auto locked = ccaffe::lock(net);
    *given(count, "count") = locked->weights_count();
  });
}

ccaffe_status ccaffe_net_read_weights(ccaffe_net* net, float* values, int64_t count) {
  return guard([&] {
    const auto locked = ccaffe::lock(net);
    given(values, "values");
    check_count(count, locked->weights_count());
    locked->read_weights(values);
  });
}

ccaffe_status ccaffe_net_write_weights(ccaffe_net* net, const float* values, int64_t count) {
  return guard([&] {
    const auto locked = ccaffe::lock_idle(net);
    given(values, "values");
    check_count(count, locked->weights_count());
    locked->write_weights(values);
  });
}
