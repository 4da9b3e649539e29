#include "caffe/layers/elementwise_layer.hpp"

#include "caffe/layers/ranges.hpp"

namespace caffe {

template <typename T>
void ElementwiseLayer<T>::reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) {
  top[0]->reshape(bottom[0]->shape());
}

template <typename T>
void ElementwiseLayer<T>::plan(const BlobVec<T>& bottom, const BlobVec<T>& top) {
  top[0]->set_format(pass_format(*bottom[0]));
}

template <typename T>
void ElementwiseLayer<T>::forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) {
  Storage<T>& in = bottom[0]->data();
  Storage<T>& out = top[0]->data();
  const FormatPtr format = pass_format(*bottom[0]);
  const int64_t count = stored_count(format, bottom[0]->count());
  const T* x = in.read(format);
  T* y = out.write(format);
  for_ranges(count,
             [&](int64_t first, int64_t n) { forward_range(x + first, y + first, {first, n}); });
  out.written(format);
}

template <typename T>
void ElementwiseLayer<T>::backward_pass(const BlobVec<T>& top,
                                        const std::vector<bool>& propagate_down,
                                        const BlobVec<T>& bottom) {
  if (!propagate_down[0]) return;
  const FormatPtr format = pass_format(*bottom[0]);
  const int64_t count = stored_count(format, bottom[0]->count());
  const T* x = backward_reads_input() ? bottom[0]->data().read(format) : nullptr;
  const T* y = backward_reads_output() ? top[0]->data().read(format) : nullptr;
  Storage<T>& in = top[0]->diff();
  Storage<T>& out = bottom[0]->diff();
  const T* dy = in.read(format);
  T* dx = out.write(format);
  for_ranges(count, [&](int64_t first, int64_t n) {
    backward_range(x ? x + first : nullptr, y ? y + first : nullptr, dy + first, dx + first,
                   {first, n});
  });
  out.written(format);
}

template class ElementwiseLayer<float>;
template class ElementwiseLayer<double>;

}  // namespace caffe
