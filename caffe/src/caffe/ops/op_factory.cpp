// Asks the back ends for an op, in the order of backend_order().
#include <type_traits>

#include "caffe/error.hpp"
#include "caffe/ops/backend.hpp"
#include "caffe/ops/onednn/onednn_ops.hpp"
#include "caffe/ops/reference/reference_ops.hpp"
#include "caffe/ops/simd/simd_ops.hpp"

namespace caffe {

namespace {

// What makes an op on each back end, told the format of the bottom; null where a back end has no
// such op. The fast ones are for
// floats, and return null if they cannot do this geometry.
template <typename T, template <typename> class Op, typename Geometry>
struct Creators {
  using Fast = std::unique_ptr<Op<float>> (*)(const Geometry&, const FormatPtr&);
  std::unique_ptr<Op<T>> (*reference)(const Geometry&, const FormatPtr&);
  Fast onednn, simd;
};

template <typename T, template <typename> class Op, typename Geometry>
std::unique_ptr<Op<T>> first_able(const Geometry& geometry, const FormatPtr& bottom,
                                  const Creators<T, Op, Geometry>& creators) {
  for (Backend backend : backend_order()) {
    if (backend == Backend::kReference) return creators.reference(geometry, bottom);
    if constexpr (std::is_same_v<T, float>) {
      const auto create = backend == Backend::kSimd ? creators.simd : creators.onednn;
      auto op = create != nullptr ? create(geometry, bottom) : nullptr;
      if (op != nullptr) {
        op->backend = backend;
        return op;
      }
    }
  }
  fail(Code::kUnsupported, "none of the back ends asked can do this operation");
}

}  // namespace

template <typename T>
std::unique_ptr<ConvolutionOp<T>> create_convolution(const ConvolutionGeometry& geometry,
                                                     const FormatPtr& bottom) {
  return first_able<T, ConvolutionOp>(
      geometry, bottom,
      {[](const ConvolutionGeometry& g, const FormatPtr&) { return reference::convolution<T>(g); },
       onednn::convolution, nullptr});
}

template <typename T>
std::unique_ptr<InnerProductOp<T>> create_inner_product(const InnerProductGeometry& geometry,
                                                        const FormatPtr& bottom) {
  return first_able<T, InnerProductOp>(geometry, bottom,
                                       {[](const InnerProductGeometry& g, const FormatPtr&) {
                                          return reference::inner_product<T>(g);
                                        },
                                        onednn::inner_product, nullptr});
}

template <typename T>
std::unique_ptr<PoolingOp<T>> create_pooling(const PoolingGeometry& geometry,
                                             const FormatPtr& bottom) {
  return first_able<T, PoolingOp>(
      geometry, bottom,
      {[](const PoolingGeometry& g, const FormatPtr&) { return reference::pooling<T>(g); },
       onednn::pooling, nullptr});
}

template <typename T>
std::unique_ptr<LrnOp<T>> create_lrn(const LrnGeometry& geometry, const FormatPtr& bottom) {
  return first_able<T, LrnOp>(
      geometry, bottom,
      {[](const LrnGeometry& g, const FormatPtr&) { return reference::lrn<T>(g); }, nullptr,
       simd::lrn});
}

template <typename T>
std::unique_ptr<BatchNormOp<T>> create_batch_norm(const BatchNormGeometry& geometry,
                                                  const FormatPtr& bottom) {
  return first_able<T, BatchNormOp>(geometry, bottom,
                                    {reference::batch_norm<T>, onednn::batch_norm, nullptr});
}

#define CAFFE_INSTANTIATE(T)                                                                       \
  template std::unique_ptr<ConvolutionOp<T>> create_convolution(const ConvolutionGeometry&,        \
                                                                const FormatPtr&);                 \
  template std::unique_ptr<InnerProductOp<T>> create_inner_product(const InnerProductGeometry&,    \
                                                                   const FormatPtr&);              \
  template std::unique_ptr<PoolingOp<T>> create_pooling(const PoolingGeometry&, const FormatPtr&); \
  template std::unique_ptr<LrnOp<T>> create_lrn(const LrnGeometry&, const FormatPtr&);             \
  template std::unique_ptr<BatchNormOp<T>> create_batch_norm(const BatchNormGeometry&,             \
                                                             const FormatPtr&)

CAFFE_INSTANTIATE(float);
CAFFE_INSTANTIATE(double);
#undef CAFFE_INSTANTIATE

}  // namespace caffe
