// The plan of a net as data and as text.
#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "caffe/net.hpp"
#include "caffe/plan.hpp"
#include "caffe/threads.hpp"

namespace caffe {

namespace {

// All storages of a net: those of its values, then those of its parameters.
template <typename T>
struct Storages {
  std::set<const Storage<T>*> values, params;
};

template <typename T>
Storages<T> storages_of(const Net<T>& net) {
  Storages<T> all;
  for (const Value<T>& value : net.values()) {
    all.values.insert(value.blob->data_ptr().get());
    all.values.insert(value.blob->diff_ptr().get());
  }
  for (const auto& layer : net.layers()) {
    for (const auto& blob : layer->blobs()) {
      all.params.insert(blob->data_ptr().get());
      all.params.insert(blob->diff_ptr().get());
    }
  }
  return all;
}

template <typename T>
int64_t bytes_of(const std::set<const Storage<T>*>& storages) {
  int64_t bytes = 0;
  for (const Storage<T>* storage : storages) bytes += static_cast<int64_t>(storage->bytes());
  return bytes;
}

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

std::string extents(const std::vector<int64_t>& shape) {
  std::vector<std::string> texts;
  for (int64_t extent : shape) texts.push_back(std::to_string(extent));
  return joined(texts, "x");
}

// Columns as wide as their longest text.
std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths(rows[0].size());
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::ostringstream text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i] + std::string(widths[i] + 2 - row[i].size(), ' ');
    }
    text << line.substr(0, line.find_last_not_of(' ') + 1) << '\n';
  }
  return text.str();
}

}  // namespace

template <typename T>
int64_t Net<T>::conversions() const {
  const Storages<T> all = storages_of(*this);
  int64_t times = 0;
  for (const auto* storages : {&all.values, &all.params}) {
    for (const Storage<T>* storage : *storages) times += storage->conversions();
  }
  return times;
}

template <typename T>
Plan Net<T>::plan() {
  ThreadScope scope(threads_);
  prepare();
  Plan plan;
  std::map<const Storage<T>*, int> memories;
  for (const Step& step : steps()) {
    PlannedStep planned;
    for (int id = step.first; id <= step.last; ++id) {
      planned.layers.push_back(layers_[id]->name());
      planned.types.push_back(layers_[id]->type());
    }
    const Op* op = layers_[step.first]->main_op();
    if (op != nullptr) planned.back_end = backend_name(op->backend);
    if (op != nullptr && op->backend == Backend::kReference) ++plan.fallbacks;
    for (int id : top_ids_[step.last]) {
      const Blob<T>& blob = *values_[id].blob;
      const int next = static_cast<int>(memories.size());
      planned.tops.push_back(
          {blob_names_[values_[id].name], blob.shape(),
           blob.format() ? blob.format()->text() : "plain",
           static_cast<int64_t>(blob.data_ptr()->bytes() + blob.diff_ptr()->bytes()),
           memories.emplace(blob.data_ptr().get(), next).first->second});
    }
    plan.steps.push_back(std::move(planned));
  }
  const Storages<T> all = storages_of(*this);
  plan.bytes = bytes_of(all.values);
  plan.bytes += value_lives_.spare_bytes() + gradient_lives_.spare_bytes();
  plan.param_bytes = bytes_of(all.params);
  plan.conversions = conversions();
  return plan;
}

std::string to_text(const Plan& plan) {
  std::vector<std::vector<std::string>> rows = {
      {"step", "layers", "back end", "top", "shape", "format", "MB", "memory"}};
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    const PlannedStep& step = plan.steps[i];
    std::vector<std::string> layers;
    for (size_t k = 0; k < step.layers.size(); ++k) {
      layers.push_back(step.layers[k] + " (" + step.types[k] + ")");
    }
    const std::vector<std::string> begin = {std::to_string(i), joined(layers, " + "),
                                            step.back_end.empty() ? "-" : step.back_end};
    if (step.tops.empty()) rows.push_back(begin);
    for (size_t k = 0; k < step.tops.size(); ++k) {
      const PlannedTop& top = step.tops[k];
      std::vector<std::string> row = k == 0 ? begin : std::vector<std::string>(3);
      std::ostringstream megabytes;
      megabytes.precision(1);
      megabytes << std::fixed << static_cast<double>(top.bytes) / 1e6;
      row.insert(row.end(), {top.blob, extents(top.shape), top.format, megabytes.str(),
                             std::to_string(top.data)});
      rows.push_back(std::move(row));
    }
  }
  std::ostringstream text;
  text.precision(1);
  text << table(rows) << std::fixed
       << "values and gradients: " << static_cast<double>(plan.bytes) / 1e6
       << " MB, parameters and theirs: " << static_cast<double>(plan.param_bytes) / 1e6
       << " MB; conversions of format so far: " << plan.conversions
       << "; steps on the reference back end: " << plan.fallbacks << '\n';
  return text.str();
}

std::string to_lines(const Plan& plan) {
  std::ostringstream text;
  for (const PlannedStep& step : plan.steps) {
    text << "step\t" << step.back_end;
    for (size_t i = 0; i < step.layers.size(); ++i) {
      text << '\t' << step.layers[i] << '\t' << step.types[i];
    }
    text << '\n';
    for (const PlannedTop& top : step.tops) {
      text << "top\t" << top.blob << '\t' << top.format << '\t' << top.bytes << '\t' << top.data;
      for (int64_t extent : top.shape) text << '\t' << extent;
      text << '\n';
    }
  }
  text << "net\t" << plan.bytes << '\t' << plan.param_bytes << '\t' << plan.conversions << '\t'
       << plan.fallbacks << '\n';
  return text.str();
}

template int64_t Net<float>::conversions() const;
template int64_t Net<double>::conversions() const;
template Plan Net<float>::plan();
template Plan Net<double>::plan();

}  // namespace caffe
