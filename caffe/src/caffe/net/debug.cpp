// The lines that debug_info asks for, and where numbers went wrong.
#include <algorithm>
#include <cmath>

#include "caffe/log.hpp"
#include "caffe/net.hpp"

namespace caffe {
namespace {

template <typename T>
double sum_abs(Storage<T>& values) {
  const T* v = values.read();
  double sum = 0;
  for (size_t i = 0; i < values.count(); ++i) sum += std::fabs(static_cast<double>(v[i]));
  return sum;
}

template <typename T>
double sum_squares(Storage<T>& values) {
  const T* v = values.read();
  double sum = 0;
  for (size_t i = 0; i < values.count(); ++i) sum += static_cast<double>(v[i]) * v[i];
  return sum;
}

template <typename T>
double mean_abs(Storage<T>& values) {
  return values.count() == 0 ? 0 : sum_abs(values) / static_cast<double>(values.count());
}

template <typename T>
bool all_finite(Storage<T>& values) {
  if (values.released()) return true;
  const T* v = values.read();
  return std::all_of(v, v + values.count(), [](T value) { return std::isfinite(value); });
}

// Parameters are shown by their ParamSpec name, or by position if they have none.
template <typename T>
std::string param_name(const Layer<T>& layer, int i) {
  const bool named = i < layer.param().param_size() && !layer.param().param(i).name().empty();
  return named ? layer.param().param(i).name() : std::to_string(i);
}

}  // namespace

template <typename T>
void Net<T>::log_forward(int id) const {
  const Layer<T>& layer = *layers_[id];
  for (size_t i = 0; i < top_vecs_[id].size(); ++i) {
    log_info("    [Forward] Layer ", layer.name(), ", top blob ",
             blob_names_[values_[top_ids_[id][i]].name],
             " data: ", mean_abs(top_vecs_[id][i]->data()));
  }
  for (size_t i = 0; i < layer.blobs().size(); ++i) {
    log_info("    [Forward] Layer ", layer.name(), ", param blob ",
             param_name(layer, static_cast<int>(i)), " data: ", mean_abs(layer.blobs()[i]->data()));
  }
}

template <typename T>
void Net<T>::log_backward(int id) const {
  const Layer<T>& layer = *layers_[id];
  for (size_t i = 0; i < bottom_vecs_[id].size(); ++i) {
    if (!bottom_need_backward_[id][i]) continue;
    log_info("    [Backward] Layer ", layer.name(), ", bottom blob ",
             blob_names_[values_[bottom_ids_[id][i]].name],
             " diff: ", mean_abs(bottom_vecs_[id][i]->diff()));
  }
  for (size_t i = 0; i < layer.blobs().size(); ++i) {
    if (!layer.param_propagate_down(static_cast<int>(i))) continue;
    log_info("    [Backward] Layer ", layer.name(), ", param blob ",
             param_name(layer, static_cast<int>(i)), " diff: ", mean_abs(layer.blobs()[i]->diff()));
  }
}

template <typename T>
void Net<T>::log_params() const {
  double data1 = 0, diff1 = 0, data2 = 0, diff2 = 0;
  for (const LearnableParam& param : learnable_) {
    data1 += sum_abs(param.blob->data());
    diff1 += sum_abs(param.blob->diff());
    data2 += sum_squares(param.blob->data());
    diff2 += sum_squares(param.blob->diff());
  }
  log_info("    [Backward] All net params (data, diff): L1 norm = (", data1, ", ", diff1,
           "); L2 norm = (", std::sqrt(data2), ", ", std::sqrt(diff2), ")");
}

template <typename T>
NotFinite Net<T>::first_not_finite() const {
  for (int i = 0; i < num_layers(); ++i) {
    for (const auto& blob : layers_[i]->blobs()) {
      if (!all_finite(blob->data())) return {layers_[i]->name(), NotFinite::kWeights};
    }
    for (const Blob<T>* top : top_vecs_[i]) {
      if (all_finite(top->data())) continue;
      const bool given = bottom_vecs_[i].empty();
      return {layers_[i]->name(), given ? NotFinite::kData : NotFinite::kOutput};
    }
  }
  return {};
}

template NotFinite Net<float>::first_not_finite() const;
template NotFinite Net<double>::first_not_finite() const;
template void Net<float>::log_forward(int) const;
template void Net<double>::log_forward(int) const;
template void Net<float>::log_backward(int) const;
template void Net<double>::log_backward(int) const;
template void Net<float>::log_params() const;
template void Net<double>::log_params() const;

}  // namespace caffe
