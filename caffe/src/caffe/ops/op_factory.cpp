// Asks the back ends for an op, in the order of backend_order().
#include <type_traits>

#include "caffe/error.hpp"
#include "caffe/ops/backend.hpp"
#include "caffe/ops/onednn/onednn_ops.hpp"
#include "caffe/ops/reference/reference_ops.hpp"

namespace caffe {

namespace {

// `fast` makes the op on oneDNN (float only), `plain` on the reference back end.
template <typename T, typename Geometry, typename Plain, typename Fast>
auto first_able(const Geometry& geometry, const FormatPtr& bottom, Plain plain,
                [[maybe_unused]] Fast fast) -> decltype(plain(geometry)) {
  for (Backend backend : backend_order()) {
    if (backend == Backend::kReference) return plain(geometry);
    if constexpr (std::is_same_v<T, float>) {
      if (auto op = fast(geometry, bottom)) return op;
    }
  }
  fail(Code::kUnsupported, "none of the back ends asked can do this operation");
}

}  // namespace

template <typename T>
std::unique_ptr<ConvolutionOp<T>> create_convolution(const ConvolutionGeometry& geometry,
                                                     const FormatPtr& bottom) {
  return first_able<T>(geometry, bottom, reference::convolution<T>, onednn::convolution);
}

template <typename T>
std::unique_ptr<InnerProductOp<T>> create_inner_product(const InnerProductGeometry& geometry,
                                                        const FormatPtr& bottom) {
  return first_able<T>(geometry, bottom, reference::inner_product<T>, onednn::inner_product);
}

template <typename T>
std::unique_ptr<PoolingOp<T>> create_pooling(const PoolingGeometry& geometry,
                                             const FormatPtr& bottom) {
  return first_able<T>(geometry, bottom, reference::pooling<T>, onednn::pooling);
}

template <typename T>
std::unique_ptr<LrnOp<T>> create_lrn(const LrnGeometry& geometry, const FormatPtr& bottom) {
  return first_able<T>(geometry, bottom, reference::lrn<T>, onednn::lrn);
}

#define CAFFE_INSTANTIATE(T)                                                                       \
  template std::unique_ptr<ConvolutionOp<T>> create_convolution(const ConvolutionGeometry&,        \
                                                                const FormatPtr&);                 \
  template std::unique_ptr<InnerProductOp<T>> create_inner_product(const InnerProductGeometry&,    \
                                                                   const FormatPtr&);              \
  template std::unique_ptr<PoolingOp<T>> create_pooling(const PoolingGeometry&, const FormatPtr&); \
  template std::unique_ptr<LrnOp<T>> create_lrn(const LrnGeometry&, const FormatPtr&)

CAFFE_INSTANTIATE(float);
CAFFE_INSTANTIATE(double);
#undef CAFFE_INSTANTIATE

}  // namespace caffe
