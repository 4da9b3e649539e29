// One step of long short-term memory, for the layers that need it.
#pragma once

#include <algorithm>
#include <cstdint>

#include "caffe/ops/functions.hpp"

namespace caffe {

// N streams of D cells. States are (N, D), gates (N, 4, D) in the order input, forget,
// output, candidate, cont (N).
struct LstmExtents {
  int64_t streams, size;

  // body(stream, first, n) for neighbouring cells [first, first + n) of all streams, in parallel.
  template <typename Body>
  void for_cells(const Body& body) const {
#pragma omp parallel for collapse(2) schedule(static) if (streams * size > 4096)
    for (int64_t stream = 0; stream < streams; ++stream) {
      for (int64_t first = 0; first < size; first += kArrayBlock) {
        body(stream, first, std::min(kArrayBlock, size - first));
      }
    }
  }
};

// c = cont * sigmoid(f) * c_before + sigmoid(i) * tanh(g), h = sigmoid(o) * tanh(c), after
// Hochreiter and Schmidhuber, Long short-term memory, 1997, with Gers' forget gate.
// `activations` gets the four activations, that of f times cont; it may be `gates`.
template <typename T>
void lstm_forward(LstmExtents extents, const T* cont, const T* c_before, const T* gates,
                  T* activations, T* c, T* h) {
  const int64_t size = extents.size;
  extents.for_cells([=](int64_t stream, int64_t first, int64_t n) {
    const T* in = gates + stream * 4 * size + first;
    T* i = activations + stream * 4 * size + first;
    T *f = i + size, *o = f + size, *g = o + size;
    array_sigmoid(in, n, i);
    array_sigmoid(in + size, n, f);
    array_sigmoid(in + 2 * size, n, o);
    array_tanh(in + 3 * size, n, g);
    const T *before = c_before + stream * size + first, going_on = cont[stream];
    T *cell = c + stream * size + first, *out = h + stream * size + first;
    T tanh_c[kArrayBlock];
#pragma omp simd
    for (int64_t d = 0; d < n; ++d) {
      const T forget = going_on == T(0) ? T(0) : going_on * f[d];  // even where f is NaN
      f[d] = forget;
      cell[d] = forget * before[d] + i[d] * g[d];
    }
    array_tanh(cell, n, tanh_c);
#pragma omp simd
    for (int64_t d = 0; d < n; ++d) out[d] = o[d] * tanh_c[d];
  });
}

// The gradients of c_before and of the gates from those of c and h, with q = dc + dh * o *
// (1 - tanh(c)^2): dc_before = q * f, di = q * g * i (1 - i), df = q * c_before * f (1 - f),
// do = dh * tanh(c) * o (1 - o), dg = q * i * (1 - g^2). dc_before may be dc.
template <typename T>
void lstm_backward(LstmExtents extents, const T* c_before, const T* activations, const T* c,
                   const T* dc, const T* dh, T* dc_before, T* dgates) {
  const int64_t size = extents.size;
  extents.for_cells([=](int64_t stream, int64_t first, int64_t n) {
    const int64_t at = stream * size + first;
    const T* i = activations + stream * 4 * size + first;
    const T *f = i + size, *o = f + size, *g = o + size;
    const T *before = c_before + at, *cell_diff = dc + at, *out_diff = dh + at;
    T* before_diff = dc_before + at;
    T* di = dgates + stream * 4 * size + first;
    T *df = di + size, *d_o = df + size, *dg = d_o + size;
    T tanh_c[kArrayBlock];
    array_tanh(c + at, n, tanh_c);
#pragma omp simd
    for (int64_t d = 0; d < n; ++d) {
      const T t = tanh_c[d], q = cell_diff[d] + out_diff[d] * o[d] * (1 - t * t);
      before_diff[d] = q * f[d];
      di[d] = q * g[d] * i[d] * (1 - i[d]);
      df[d] = q * before[d] * f[d] * (1 - f[d]);
      d_o[d] = out_diff[d] * t * o[d] * (1 - o[d]);
      dg[d] = q * i[d] * (1 - g[d] * g[d]);
    }
  });
}

}  // namespace caffe
