#include "caffe/filler.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "caffe/copy_values.hpp"
#include "caffe/normal.hpp"

namespace caffe {

namespace {

// Where values go: `count` of them, and what the rules need to know of the shape.
template <typename T>
struct Target {
  T* values;
  int64_t count;
  const Shape& shape;
};

// n in the variance rules: values that meet in one output (fan in), or that one input
// goes to (fan out).
template <typename T>
double fan(const FillerParameter& param, const Target<T>& t) {
  const double count = static_cast<double>(t.count);
  const double in = t.shape.empty() ? count : count / static_cast<double>(t.shape[0]);
  const double out = t.shape.size() < 2 ? count : count / static_cast<double>(t.shape[1]);
  switch (param.variance_norm()) {
    case FillerParameter::FAN_OUT: return out;
    case FillerParameter::AVERAGE: return (in + out) / 2;
    default: return in;
  }
}

template <typename T>
void fill_uniform(double low, double high, Random& random, const Target<T>& t) {
  for (int64_t i = 0; i < t.count; ++i) t.values[i] = static_cast<T>(random.uniform(low, high));
}

template <typename T>
void fill_gaussian(double mean, double std, Random& random, const Target<T>& t) {
  fill_normal(random.engine(), t.count, t.values);
  for_pieces(t.count, [&](int64_t first, int64_t n) {
    for (int64_t i = first; i < first + n; ++i) {
      t.values[i] = static_cast<T>(mean) + static_cast<T>(std) * t.values[i];
    }
  });
}

template <typename T>
void constant(const FillerParameter& param, Random&, const Target<T>& t) {
  fill_values(static_cast<T>(param.value()), t.count, t.values);
}

template <typename T>
void uniform(const FillerParameter& param, Random& random, const Target<T>& t) {
  fill_uniform(param.min(), param.max(), random, t);
}

template <typename T>
void gaussian(const FillerParameter& param, Random& random, const Target<T>& t) {
  require(param.std() >= 0, Code::kBadNet, "filler gaussian: std must be >= 0, is ", param.std());
  fill_gaussian(param.mean(), param.std(), random, t);
  if (param.sparse() < 0) return;
  require(!t.shape.empty(), Code::kBadNet, "filler gaussian: sparse needs at least one axis");
  const double keep = static_cast<double>(param.sparse()) / static_cast<double>(t.shape[0]);
  for (int64_t i = 0; i < t.count; ++i) {
    if (!random.bernoulli(keep)) t.values[i] = 0;
  }
}

template <typename T>
void positive_unitball(const FillerParameter&, Random& random, const Target<T>& t) {
  require(!t.shape.empty(), Code::kBadNet, "filler positive_unitball needs at least one axis");
  fill_uniform(0, 1, random, t);
  const int64_t row = t.count / t.shape[0];
#pragma omp parallel for schedule(static) if (t.count > 16384)
  for (int64_t i = 0; i < t.shape[0]; ++i) {
    T sum = 0;
    for (int64_t k = 0; k < row; ++k) sum += t.values[i * row + k];
    for (int64_t k = 0; k < row; ++k) t.values[i * row + k] /= sum;
  }
}

// Variance 1/n: Glorot and Bengio, Understanding the difficulty of training deep
// feedforward neural networks, 2010.
template <typename T>
void xavier(const FillerParameter& param, Random& random, const Target<T>& t) {
  const double limit = std::sqrt(3.0 / fan(param, t));
  fill_uniform(-limit, limit, random, t);
}

// Variance 2/n: He et al., Delving deep into rectifiers, 2015.
template <typename T>
void msra(const FillerParameter& param, Random& random, const Target<T>& t) {
  fill_gaussian(0, std::sqrt(2.0 / fan(param, t)), random, t);
}

// The weights with which a Deconvolution interpolates linearly.
template <typename T>
void bilinear(const FillerParameter&, Random&, const Target<T>& t) {
  require(t.shape.size() == 4 && t.shape[2] == t.shape[3], Code::kBadNet,
          "filler bilinear needs 4 axes and a square kernel, has shape ", shape_string(t.shape));
  const int64_t k = t.shape[3];
  const double f = std::ceil(static_cast<double>(k) / 2);
  const double centre = static_cast<double>(k - 1) / (2 * f);
#pragma omp parallel for schedule(static) if (t.count > 16384)
  for (int64_t i = 0; i < t.count; ++i) {
    const double x = static_cast<double>(i % k) / f - centre;
    const double y = static_cast<double>(i / k % k) / f - centre;
    t.values[i] = static_cast<T>((1 - std::fabs(x)) * (1 - std::fabs(y)));
  }
}

template <typename T>
using Rule = void (*)(const FillerParameter&, Random&, const Target<T>&);

template <typename T>
const std::map<std::string, Rule<T>>& rules() {
  static const std::map<std::string, Rule<T>> map = {
      {"constant", constant<T>}, {"uniform", uniform<T>},
      {"gaussian", gaussian<T>}, {"positive_unitball", positive_unitball<T>},
      {"xavier", xavier<T>},     {"msra", msra<T>},
      {"bilinear", bilinear<T>}};
  return map;
}

}  // namespace

template <typename T>
void fill(const FillerParameter& param, Random& random, Blob<T>* blob) {
  const auto rule = rules<T>().find(param.type());
  if (rule == rules<T>().end()) {
    std::string known;
    for (const auto& entry : rules<T>()) known += (known.empty() ? "" : ", ") + entry.first;
    fail(Code::kBadNet, "unknown filler type '", param.type(), "' (known types: ", known, ")");
  }
  require(param.sparse() < 0 || param.type() == "gaussian", Code::kBadNet, "filler ", param.type(),
          ": sparse is for gaussian only");
  if (blob->count() == 0) return;
  rule->second(param, random, {blob->data().write(), blob->count(), blob->shape()});
  blob->data().written();
}

template void fill(const FillerParameter&, Random&, Blob<float>*);
template void fill(const FillerParameter&, Random&, Blob<double>*);

}  // namespace caffe
