#include "caffe/layer_registry.hpp"

#include "caffe/near_names.hpp"

namespace caffe {

template <typename T>
std::map<std::string, typename LayerRegistry<T>::Factory>& LayerRegistry<T>::factories() {
  static std::map<std::string, Factory> map;
  return map;
}

template <typename T>
void LayerRegistry<T>::add(const std::string& type, Factory factory) {
  const bool added = factories().emplace(type, std::move(factory)).second;
  require(added, Code::kInternal, "layer type '", type, "' is registered twice");
}

template <typename T>
std::unique_ptr<Layer<T>> LayerRegistry<T>::create(const LayerParameter& param,
                                                   const LayerContext& context) {
  const std::string& type = param.type();
  const auto found = factories().find(type);
  if (found != factories().end()) return found->second(param, context);
  std::string hint = did_you_mean(type, types());
  if (hint.empty()) {
    for (const std::string& known : types()) hint += (hint.empty() ? "" : ", ") + known;
    hint = " (known types: " + hint + ")";
  }
  fail(Code::kBadNet, "layer '", param.name(), "': unknown layer type '", type, "'", hint);
}

template <typename T>
std::vector<std::string> LayerRegistry<T>::types() {
  std::vector<std::string> names;
  for (const auto& entry : factories()) names.push_back(entry.first);
  return names;
}

template class LayerRegistry<float>;
template class LayerRegistry<double>;

}  // namespace caffe
