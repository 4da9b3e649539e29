// Recurrent layers on 3 steps of 2 streams.
#pragma once

#include <string>
#include <vector>

#include "support/layer_case.hpp"

namespace caffe {
namespace test {

struct RecurrentOptions {
  bool with_static = false, exposed = false;
  int states = 1;  // of the type: RNN 1, LSTM 2
  int size = 3;    // num_output
  std::string more;
};

// x (3, 2, 4), cont (3, 2) with resets, s (2, 5), first states (1, 2, size).
inline LayerCase<double> recurrent_case(const std::string& type, const RecurrentOptions& o) {
  std::vector<Shape> bottoms = {{3, 2, 4}, {3, 2}};
  if (o.with_static) bottoms.push_back({2, 5});
  for (int i = 0; i < o.states && o.exposed; ++i) bottoms.push_back({1, 2, o.size});
  LayerCase<double> layer(
      cat("type: '", type, "' recurrent_param { num_output: ", o.size,
          " weight_filler { type: 'gaussian' std: 0.5 } bias_filler { type: 'gaussian' } ",
          o.exposed ? "expose_hidden: true " : "", "} ", o.more),
      bottoms, 1 + (o.exposed ? o.states : 0));
  // Without given states every stream starts anew, so that passes do not depend on each other.
  LayerCase<double>::set(layer.bottom(1), {o.exposed ? 1. : 0., 0, 1, 1, 0, 1});
  // Neither cont nor states get a gradient.
  for (size_t i = 1; i < bottoms.size(); ++i) layer.propagate()[i] = i == 2 && o.with_static;
  return layer;
}

// Row `row` of W (rows, K) times v.
inline double row_times(const Blob<double>& w, int64_t row, const double* v) {
  double sum = 0;
  for (int64_t k = 0; k < w.dim(1); ++k) sum += w.cpu_data()[row * w.dim(1) + k] * v[k];
  return sum;
}

// W_h (cont * h) + W_x x_t + b + W_s s for gate value `row` of stream n, from the definition.
inline double gate_value(LayerCase<double>& layer, bool with_static, int t, int n, int64_t row,
                         const std::vector<double>& h) {
  const double cont = layer.bottom(1).cpu_data()[t * 2 + n];
  std::vector<double> conted;
  for (double value : h) conted.push_back(cont * value);
  double sum = row_times(layer.blob(0), row, layer.bottom(0).cpu_data() + (t * 2 + n) * 4) +
               layer.blob(1).cpu_data()[row] +
               row_times(layer.blob(with_static ? 3 : 2), row, conted.data());
  if (with_static) sum += row_times(layer.blob(2), row, layer.bottom(2).cpu_data() + n * 5);
  return sum;
}

// The outputs of two passes over halves of 4 steps, the second of which goes on with the
// states of the first, and those of one pass over all.
inline void run_in_halves(const std::string& type, const std::vector<double>& cont,
                          std::vector<double>* halves, std::vector<double>* whole) {
  using Case = LayerCase<double>;
  const std::string text = cat("type: '", type,
                               "' recurrent_param { num_output: 3 "
                               "weight_filler { type: 'gaussian' } }");
  Case all(text, {{4, 2, 4}, {4, 2}}), half(text, {{2, 2, 4}, {2, 2}});
  Case::set(all.bottom(1), cont);
  all.setup().forward();
  half.setup();  // the same seed: the same weights
  *whole = Case::data(all.top());
  const auto x = Case::data(all.bottom(0));
  for (int part : {0, 1}) {
    Case::set(half.bottom(0), {x.begin() + part * 16, x.begin() + part * 16 + 16});
    Case::set(half.bottom(1), {cont.begin() + part * 4, cont.begin() + part * 4 + 4});
    half.forward();
    const auto y = Case::data(half.top());
    halves->insert(halves->end(), y.begin(), y.end());
  }
}

}  // namespace test
}  // namespace caffe
