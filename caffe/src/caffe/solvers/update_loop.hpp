// The loop that all update rules share: one pass over weights, gradient and history.
#pragma once

#include <algorithm>

#include "caffe/clones.hpp"
#include "caffe/solver.hpp"

namespace caffe {

// A piece of one parameter's arrays, all in the same memory format.
template <typename T>
struct UpdateChunk {
  T* weights;
  const T* gradient;  // null: zero everywhere
  T* history;
  T* history2;  // null if the solver has one bank
  T* step;      // takes what is subtracted; null unless it is asked for
  int64_t count;
  T scale, l1, l2;  // gradient := scale*gradient + l1*sign(weight) + l2*weight
};

// weight -= rule(gradient, &history, &history2), element by element. Always inlined, so
// that it is compiled for the instruction set of the kernel that calls it.
template <typename T, typename Rule>
inline __attribute__((always_inline)) void update_elements(const UpdateChunk<T>& chunk,
                                                           const Rule& rule) {
  T* const w = chunk.weights;
  const T* const g = chunk.gradient;
  T* const h = chunk.history;
  // Rules of one bank ignore the second; it only has to be a valid address.
  T* const h2 = chunk.history2 != nullptr ? chunk.history2 : chunk.history;
  const T scale = chunk.scale, l1 = chunk.l1, l2 = chunk.l2;
  const auto step = [&](int64_t i, T raw) __attribute__((always_inline)) {
    const T sign = static_cast<T>(w[i] > T(0)) - static_cast<T>(w[i] < T(0));
    return rule(scale * raw + l2 * w[i] + l1 * sign, h + i, h2 + i);
  };
  if (chunk.step != nullptr) {
    for (int64_t i = 0; i < chunk.count; ++i) {
      const T raw = g != nullptr ? g[i] : T(0);  // step may be where g is
      chunk.step[i] = step(i, raw);
      w[i] -= chunk.step[i];
    }
  } else if (g != nullptr) {
#pragma omp simd
    for (int64_t i = 0; i < chunk.count; ++i) w[i] -= step(i, g[i]);
  } else {
#pragma omp simd
    for (int64_t i = 0; i < chunk.count; ++i) w[i] -= step(i, T(0));
  }
}

// Works in the format that the gradient was written in, so that nothing is converted on
// account of the update. Padding is zero in all arrays and stays so (but 0/0 without a
// delta in rules that divide, hence plain order then).
template <typename T>
template <typename Kernel>
void Solver<T>::for_chunks(int id, T scale, T decay, const Kernel& kernel) {
  Blob<T>& blob = *net_->learnable_params()[id].blob;
  Storage<T>& data = blob.data();
  Storage<T>& diff = blob.diff();
  const bool zero = diff.is_zero();
  const FormatPtr current = zero ? data.current_format() : diff.current_format();
  const FormatPtr format = param_.delta() > 0 ? current : nullptr;
  const int64_t count = format ? static_cast<int64_t>(format->size()) : blob.count();
  const bool l1 = param_.regularization_type() == "L1";
  const UpdateChunk<T> all{data.read_write(format),
                           zero ? nullptr : diff.read(format),
                           history_[0][id]->read_write(format),
                           history_.size() > 1 ? history_[1][id]->read_write(format) : nullptr,
                           param_.snapshot_diff() ? diff.read_write(format) : nullptr,
                           count,
                           scale,
                           l1 ? decay : T(0),
                           l1 ? T(0) : decay};
  constexpr int64_t kChunk = 1 << 14;
#pragma omp parallel for schedule(static)
  for (int64_t start = 0; start < count; start += kChunk) {
    UpdateChunk<T> chunk = all;
    chunk.weights += start;
    if (chunk.gradient != nullptr) chunk.gradient += start;
    chunk.history += start;
    if (chunk.history2 != nullptr) chunk.history2 += start;
    if (chunk.step != nullptr) chunk.step += start;
    chunk.count = std::min(kChunk, count - start);
    kernel(chunk);
  }
  data.written(format);
  if (all.step != nullptr) diff.written(format);
  for (auto& bank : history_) bank[id]->written(format);
}

}  // namespace caffe
