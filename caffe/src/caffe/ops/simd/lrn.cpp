#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "caffe/ops/simd/lrn_kernel.hpp"
#include "caffe/ops/simd/simd_ops.hpp"

namespace caffe::simd {

namespace {

// Elements of a thread's arrays; beyond this they are no better than the reference's.
constexpr int64_t kMostScratch = int64_t{1} << 24;

LrnKernel kernel_of(Isa isa) {
  switch (isa) {
    case Isa::kAvx512: return lrn_avx512;
    case Isa::kAvx2: return lrn_avx2;
    default: return lrn_baseline;
  }
}

LrnNumbers numbers_of(const LrnGeometry& g) {
  const double size = static_cast<double>(g.size);
  const double coefficient = g.alpha / (g.within_channel ? size * size : size);
  return {static_cast<float>(coefficient), static_cast<float>(g.within_channel ? 1 : g.k), g.beta};
}

// Nothing is kept between the passes: it takes less time to compute the sums again than to write
// and read them.
class Lrn : public LrnOp<float> {
 public:
  Lrn(const LrnGeometry& g, const LrnTiling& tiling, FormatPtr format, Isa isa)
      : numbers_(numbers_of(g)),
        tiling_(tiling),
        format_(std::move(format)),
        // Vectors of 16 would be half empty.
        kernel_(kernel_of(isa == Isa::kAvx512 && tiling.tile(0).lanes <= 8 ? Isa::kAvx2 : isa)) {}

  FormatPtr top_format() const override { return format_; }

  void forward(Storage<float>& x, Storage<float>& y) override {
    const float* input = x.read(format_);
    run(input, nullptr, y.write(format_));
    y.written(format_);
  }

  void backward(Storage<float>& x, Storage<float>& /*y*/, Storage<float>& dy,
                Storage<float>& dx) override {
    const float *input = x.read(format_), *top_diff = dy.read(format_);
    run(input, top_diff, dx.write(format_));
    dx.written(format_);
  }

 private:
  void run(const float* x, const float* dy, float* out) {
    // Of the calling thread, for all ops: they run one after the other.
    thread_local AlignedArray<float> scratch;
    const int64_t size = tiling_.array_size * kLrnArrays, tiles = tiling_.tiles();
    const auto threads = static_cast<int>(std::min<int64_t>(omp_get_max_threads(), tiles));
    scratch.resize(size * threads);
    float* const arrays = scratch.data();
#pragma omp parallel num_threads(threads) if (threads > 1)
    {
      const LrnCall call = {&tiling_, numbers_, x, dy, out, arrays + size * omp_get_thread_num()};
      std::memset(call.arrays, 0, size * sizeof(float));
#pragma omp for schedule(static)
      for (int64_t i = 0; i < tiles; ++i) kernel_(call, tiling_.tile(i));
    }
  }

  const LrnNumbers numbers_;
  const LrnTiling tiling_;
  const FormatPtr format_;
  const LrnKernel kernel_;
};

}  // namespace

std::unique_ptr<LrnOp<float>> lrn(const LrnGeometry& geometry, const FormatPtr& bottom) {
  return lrn_on(cpu_isa(), geometry, bottom);
}

std::unique_ptr<LrnOp<float>> lrn_on(Isa isa, const LrnGeometry& geometry,
                                     const FormatPtr& bottom) {
  if (geometry.batch * geometry.channels * geometry.height * geometry.width == 0) return nullptr;
  if (!(std::fabs(geometry.beta) < 1000)) return nullptr;  // the power's arithmetic ends there
  const FormatPtr format = channel_block(bottom) > 0 ? bottom : nullptr;
  const LrnTiling tiling(geometry, channel_block(format));
  if (tiling.array_size > kMostScratch / kLrnArrays) return nullptr;
  return std::make_unique<Lrn>(geometry, tiling, format, isa);
}

}  // namespace caffe::simd
