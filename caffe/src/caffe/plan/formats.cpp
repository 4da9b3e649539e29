// The layout pass: one walk over the net that chooses a memory format for every blob.
//
// Layers are visited in the order in which they run. Each knows the formats of its
// bottoms and decides those of its tops and parameters: a convolution asks its back end
// for the format that it computes fastest in, layers that only follow (pooling, ReLU,
// LRN, Dropout, Split, Eltwise) keep their bottom's, as do those that work channel by
// channel (BatchNorm, Scale, Bias, PReLU, Concat, Slice) if it has blocks of channels;
// all others want plain order. Nothing is converted here. Storages convert when a reader
// asks for a format other than the one written, so reorders run only where two formats
// meet, and once per write.
#include "caffe/net.hpp"
#include "caffe/threads.hpp"

namespace caffe {

template <typename T>
void Net<T>::plan_formats() {
  ThreadScope threads(threads_);  // back ends size their work for this number
  for (const Value<T>& value : values_) value.blob->set_format(nullptr);
  for (size_t i = 0; i < layers_.size(); ++i) {
    try {
      layers_[i]->plan(bottom_vecs_[i], top_vecs_[i]);
    } catch (const Error& e) {
      fail(e.code(), "layer '", layers_[i]->name(), "': ", e.what());
    }
  }
  bind_names();
  planned_ = true;
}

template void Net<float>::plan_formats();
template void Net<double>::plan_formats();

}  // namespace caffe
