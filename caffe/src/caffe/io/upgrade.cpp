// Old forms of nets and solvers, brought to the current one.
#include <algorithm>

#include "caffe/error.hpp"
#include "caffe/io.hpp"
#include "caffe/io/upgrade_old_layers.hpp"

namespace caffe {
namespace {

// `input` with input_shape or input_dim becomes an Input layer in front.
void upgrade_inputs(NetParameter* net, const std::string& origin) {
  if (net->input_size() == 0) return;
  const int inputs = net->input_size();
  const bool shapes = net->input_shape_size() > 0;
  if (shapes || net->input_dim_size() > 0) {
    require(!shapes || net->input_dim_size() == 0, Code::kBadNet, origin,
            ": input_shape and input_dim exclude each other");
    require(shapes ? net->input_shape_size() == inputs : net->input_dim_size() == 4 * inputs,
            Code::kBadNet, origin, ": each of the ", inputs,
            " inputs needs one input_shape or four input_dim");
    LayerParameter layer;
    layer.set_name("input");
    layer.set_type("Input");
    for (int i = 0; i < inputs; ++i) {
      layer.add_top(net->input(i));
      BlobShape* shape = layer.mutable_input_param()->add_shape();
      if (shapes) {
        *shape = net->input_shape(i);
      } else {
        for (int axis = 0; axis < 4; ++axis) shape->add_dim(net->input_dim(4 * i + axis));
      }
    }
    net->add_layer();
    for (int i = net->layer_size() - 1; i > 0; --i) net->mutable_layer()->SwapElements(i, i - 1);
    *net->mutable_layer(0) = layer;
  }
  net->clear_input();
  net->clear_input_shape();
  net->clear_input_dim();
}

// Nets from before BatchNorm froze its own statistics state lr_mult for them.
void upgrade_batch_norm(NetParameter* net) {
  for (LayerParameter& layer : *net->mutable_layer()) {
    if (layer.type() != "BatchNorm" || layer.param_size() != 3) continue;
    for (ParamSpec& spec : *layer.mutable_param()) {
      spec.set_lr_mult(0);
      spec.set_decay_mult(0);
    }
  }
}

const char* name_of(SolverParameter::SolverType type) {
  switch (type) {
    case SolverParameter::SGD: return "SGD";
    case SolverParameter::NESTEROV: return "Nesterov";
    case SolverParameter::ADAGRAD: return "AdaGrad";
    case SolverParameter::RMSPROP: return "RMSProp";
    case SolverParameter::ADADELTA: return "AdaDelta";
    case SolverParameter::ADAM: return "Adam";
  }
  fail(Code::kBadNet, "solver_type ", static_cast<int>(type), " is unknown");
}

}  // namespace

void upgrade_net(NetParameter* net, const std::string& origin) {
  const auto& old = net->layers();
  if (std::any_of(old.begin(), old.end(), [](const auto& layer) { return layer.has_layer(); })) {
    upgrade_v0(net, origin);
  }
  if (net->layers_size() > 0) upgrade_v1(net, origin);
  upgrade_inputs(net, origin);
  upgrade_batch_norm(net);
}

void upgrade_solver(SolverParameter* solver, const std::string& origin) {
  if (solver->has_net_param()) upgrade_net(solver->mutable_net_param(), origin);
  if (solver->has_train_net_param()) upgrade_net(solver->mutable_train_net_param(), origin);
  for (NetParameter& net : *solver->mutable_test_net_param()) upgrade_net(&net, origin);
  if (!solver->has_solver_type()) return;
  require(!solver->has_type(), Code::kBadNet, origin,
          ": type and its old form solver_type exclude each other");
  solver->set_type(name_of(solver->solver_type()));
  solver->clear_solver_type();
}

}  // namespace caffe
