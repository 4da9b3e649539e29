// ccaffe.h, section "weights".
#include "caffe/mean.hpp"
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

namespace {

void check_size(int64_t size) {
  caffe::require(size >= 0, caffe::Code::kInvalidArgument, "size ", size, " is negative");
}

template <typename T>
void mean_of(const void* const* vectors, const double* weights, int32_t count, void* mean,
             int64_t size) {
  caffe::weighted_mean(reinterpret_cast<const T* const*>(vectors), weights, count,
                       static_cast<T*>(mean), size);
}

}  // namespace

ccaffe_status ccaffe_mean(const void* const* vectors, const double* weights, int32_t count,
                          int32_t bf16, void* mean, int64_t size) {
  return guard([&] {
    given(vectors, "vectors");
    given(weights, "weights");
    given(mean, "mean");
    check_size(size);
    caffe::require(count >= 1, caffe::Code::kInvalidArgument,
                   "a mean is of 1 or more vectors, not ", count);
    for (int32_t n = 0; n < count; ++n) given(vectors[n], "a vector");
    const auto run = bf16 != 0 ? mean_of<uint16_t> : mean_of<float>;
    run(vectors, weights, count, mean, size);
  });
}

ccaffe_status ccaffe_differ(const float* values, const float* base, void* differences,
                            int64_t size) {
  return guard([&] {
    given(values, "values");
    given(base, "base");
    given(differences, "differences");
    check_size(size);
    caffe::differ(values, base, static_cast<uint16_t*>(differences), size);
  });
}

ccaffe_status ccaffe_add_differences(const void* differences, float* values, int64_t size) {
  return guard([&] {
    given(differences, "differences");
    given(values, "values");
    check_size(size);
    caffe::add_differences(static_cast<const uint16_t*>(differences), values, size);
  });
}

ccaffe_status ccaffe_all_finite(const float* values, int64_t size, int32_t* finite) {
  return guard([&] {
    given(values, "values");
    given(finite, "finite");
    check_size(size);
    *finite = caffe::all_finite(values, size) ? 1 : 0;
  });
}
