#include <map>
#include <utility>
#include <vector>

#include "caffe/error.hpp"
#include "caffe/net_graph.hpp"

namespace caffe {
namespace {

// A top of the net: layer and position.
using Top = std::pair<int, int>;

struct Use {
  int count = 0;  // bottoms that read the top, plus one for a loss weight
  float loss_weight = 0;
  int next = 0;  // the Split's top that the next reader takes
};

struct Graph {
  std::map<std::pair<int, int>, Top> source;  // of each bottom: (layer, position)
  std::map<Top, Use> uses;
};

Graph read_graph(const NetParameter& net) {
  Graph graph;
  std::map<std::string, Top> latest;  // by blob name; in-place layers make new tops
  for (int i = 0; i < net.layer_size(); ++i) {
    const LayerParameter& layer = net.layer(i);
    for (int j = 0; j < layer.bottom_size(); ++j) {
      const auto found = latest.find(layer.bottom(j));
      require(found != latest.end(), Code::kBadNet, "layer '", layer.name(), "': bottom ", j, ", '",
              layer.bottom(j), "', is not the top of an earlier layer");
      graph.source[{i, j}] = found->second;
      ++graph.uses[found->second].count;
    }
    for (int j = 0; j < layer.top_size(); ++j) {
      latest[layer.top(j)] = {i, j};
      if (j >= layer.loss_weight_size() || layer.loss_weight(j) == 0) continue;
      Use& use = graph.uses[{i, j}];
      use.loss_weight = layer.loss_weight(j);
      ++use.count;
    }
  }
  return graph;
}

std::string split_name(const LayerParameter& producer, int top) {
  return cat(producer.top(top), "_", producer.name(), "_", top, "_split");
}

LayerParameter split_layer(const LayerParameter& producer, int top, const Use& use) {
  LayerParameter split;
  split.set_name(split_name(producer, top));
  split.set_type("Split");
  split.add_bottom(producer.top(top));
  for (int k = 0; k < use.count; ++k) {
    split.add_top(cat(split.name(), "_", k));
    if (use.loss_weight != 0) split.add_loss_weight(k == 0 ? use.loss_weight : 0);
  }
  return split;
}

}  // namespace

NetParameter insert_splits(const NetParameter& net) {
  Graph graph = read_graph(net);
  NetParameter result = net;
  result.clear_layer();
  for (int i = 0; i < net.layer_size(); ++i) {
    LayerParameter* layer = result.add_layer();
    *layer = net.layer(i);
    for (int j = 0; j < layer->bottom_size(); ++j) {
      const Top source = graph.source.at({i, j});
      Use& use = graph.uses.at(source);
      if (use.count < 2) continue;
      layer->set_bottom(j,
                        cat(split_name(net.layer(source.first), source.second), "_", use.next++));
    }
    for (int j = 0; j < net.layer(i).top_size(); ++j) {
      const auto found = graph.uses.find({i, j});
      if (found == graph.uses.end() || found->second.count < 2) continue;
      Use& use = found->second;
      *result.add_layer() = split_layer(net.layer(i), j, use);
      if (use.loss_weight == 0) continue;
      // 0 and not cleared: a loss layer would take its default weight again.
      layer->set_loss_weight(j, 0);
      use.next = 1;
    }
  }
  return result;
}

}  // namespace caffe
