#include <algorithm>

#include "caffe/error.hpp"
#include "caffe/net_graph.hpp"

namespace caffe {
namespace {

bool has_stage(const NetState& state, const std::string& stage) {
  return std::find(state.stage().begin(), state.stage().end(), stage) != state.stage().end();
}

template <typename Rules>
bool any_matches(const Rules& rules, const NetState& state) {
  return std::any_of(rules.begin(), rules.end(),
                     [&](const NetStateRule& rule) { return rule_matches(rule, state); });
}

}  // namespace

bool rule_matches(const NetStateRule& rule, const NetState& state) {
  if (rule.has_phase() && rule.phase() != state.phase()) return false;
  if (rule.has_min_level() && state.level() < rule.min_level()) return false;
  if (rule.has_max_level() && state.level() > rule.max_level()) return false;
  for (const std::string& stage : rule.stage()) {
    if (!has_stage(state, stage)) return false;
  }
  for (const std::string& stage : rule.not_stage()) {
    if (has_stage(state, stage)) return false;
  }
  return true;
}

NetParameter filter_layers(const NetParameter& net) {
  NetParameter filtered = net;
  filtered.clear_layer();
  for (const LayerParameter& layer : net.layer()) {
    require(layer.include_size() == 0 || layer.exclude_size() == 0, Code::kBadNet, "layer '",
            layer.name(), "': include and exclude rules exclude each other");
    const bool in = layer.include_size() > 0 ? any_matches(layer.include(), net.state())
                                             : !any_matches(layer.exclude(), net.state());
    if (in) *filtered.add_layer() = layer;
  }
  return filtered;
}

}  // namespace caffe
