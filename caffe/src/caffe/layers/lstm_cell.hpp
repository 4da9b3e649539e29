// One step of long short-term memory, for the layers that need it.
#pragma once

#include <cmath>
#include <cstdint>

namespace caffe {

template <typename T>
T sigmoid(T x) {
  return T(0.5) * std::tanh(T(0.5) * x) + T(0.5);
}

// N streams of D cells. States are (N, D), gates (N, 4, D) in the order input, forget,
// output, candidate, cont (N).
struct LstmExtents {
  int64_t streams, size;
};

// c = cont * sigmoid(f) * c_before + sigmoid(i) * tanh(g), h = sigmoid(o) * tanh(c), after
// Hochreiter and Schmidhuber, Long short-term memory, 1997, with Gers' forget gate.
// `activations` gets the four activations, that of f times cont; it may be `gates`.
template <typename T>
void lstm_forward(LstmExtents extents, const T* cont, const T* c_before, const T* gates,
                  T* activations, T* c, T* h) {
  const int64_t size = extents.size;
#pragma omp parallel for schedule(static) if (extents.streams * size > 4096)
  for (int64_t n = 0; n < extents.streams; ++n) {
    const T* in = gates + n * 4 * size;
    T* act = activations + n * 4 * size;
    for (int64_t d = 0; d < size; ++d) {
      const T i = sigmoid(in[d]);
      const T f = cont[n] == T(0) ? T(0) : cont[n] * sigmoid(in[size + d]);
      const T o = sigmoid(in[2 * size + d]);
      const T g = std::tanh(in[3 * size + d]);
      act[d] = i;
      act[size + d] = f;
      act[2 * size + d] = o;
      act[3 * size + d] = g;
      c[n * size + d] = f * c_before[n * size + d] + i * g;
      h[n * size + d] = o * std::tanh(c[n * size + d]);
    }
  }
}

// The gradients of c_before and of the gates from those of c and h, with q = dc + dh * o *
// (1 - tanh(c)^2): dc_before = q * f, di = q * g * i (1 - i), df = q * c_before * f (1 - f),
// do = dh * tanh(c) * o (1 - o), dg = q * i * (1 - g^2). dc_before may be dc.
template <typename T>
void lstm_backward(LstmExtents extents, const T* c_before, const T* activations, const T* c,
                   const T* dc, const T* dh, T* dc_before, T* dgates) {
  const int64_t size = extents.size;
#pragma omp parallel for schedule(static) if (extents.streams * size > 4096)
  for (int64_t n = 0; n < extents.streams; ++n) {
    const T* act = activations + n * 4 * size;
    T* out = dgates + n * 4 * size;
    for (int64_t d = 0; d < size; ++d) {
      const int64_t at = n * size + d;
      const T i = act[d], f = act[size + d], o = act[2 * size + d], g = act[3 * size + d];
      const T tanh_c = std::tanh(c[at]);
      const T q = dc[at] + dh[at] * o * (1 - tanh_c * tanh_c);
      out[d] = q * g * i * (1 - i);
      out[size + d] = q * c_before[at] * f * (1 - f);
      out[2 * size + d] = dh[at] * tanh_c * o * (1 - o);
      out[3 * size + d] = q * i * (1 - g * g);
      dc_before[at] = q * f;
    }
  }
}

}  // namespace caffe
