// The layer types by name.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "caffe/layer.hpp"

namespace caffe {

template <typename T>
class LayerRegistry {
 public:
  using Factory =
      std::function<std::unique_ptr<Layer<T>>(const LayerParameter&, const LayerContext&)>;

  static void add(const std::string& type, Factory factory);
  // Throws kBadNet for an unknown type; the message lists those that are known.
  static std::unique_ptr<Layer<T>> create(const LayerParameter& param, const LayerContext& context);
  static std::vector<std::string> types();

 private:
  static std::map<std::string, Factory>& factories();
};

// Registers a layer class (a template over the element type) for float and double.
template <template <typename> class L>
struct LayerRegistration {
  explicit LayerRegistration(const char* type) {
    LayerRegistry<float>::add(type, [](const LayerParameter& p, const LayerContext& c) {
      return std::unique_ptr<Layer<float>>(new L<float>(p, c));
    });
    LayerRegistry<double>::add(type, [](const LayerParameter& p, const LayerContext& c) {
      return std::unique_ptr<Layer<double>>(new L<double>(p, c));
    });
  }
};

// At the end of a layer's source file: CAFFE_REGISTER_LAYER(ReLU, ReLULayer)
#define CAFFE_REGISTER_LAYER(type, cls) \
  static const ::caffe::LayerRegistration<cls> g_register_##cls(#type)

}  // namespace caffe
