// Nets and solvers from prototxt text, and their values.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "caffe/io.hpp"
#include "caffe/net.hpp"
#include "caffe/solver.hpp"

namespace caffe {
namespace test {

inline NetParameter net_param(const std::string& text, Phase phase = TRAIN) {
  NetParameter param;
  parse_text(text, "test", &param);
  param.mutable_state()->set_phase(phase);
  return param;
}

inline std::unique_ptr<Net<float>> make_net(const std::string& text, Phase phase = TRAIN,
                                            int64_t seed = 1) {
  return std::make_unique<Net<float>>(net_param(text, phase), std::make_shared<Random>(seed), 2);
}

inline SolverParameter solver_param(const std::string& solver, const std::string& net) {
  SolverParameter param;
  parse_text(solver, "test", &param);
  parse_text(net, "test", param.mutable_net_param());
  return param;
}

inline std::unique_ptr<Solver<float>> make_solver(const std::string& solver,
                                                  const std::string& net) {
  return create_solver<float>(solver_param(solver, net));
}

inline std::vector<float> values(const Blob<float>& blob) {
  return {blob.cpu_data(), blob.cpu_data() + blob.count()};
}

inline std::vector<float> gradients(const Blob<float>& blob) {
  return {blob.cpu_diff(), blob.cpu_diff() + blob.count()};
}

inline void set_values(Blob<float>* blob, const std::vector<float>& values) {
  require(static_cast<int64_t>(values.size()) == blob->count(), Code::kInternal,
          "test: ", values.size(), " values for shape ", shape_string(blob->shape()));
  std::copy(values.begin(), values.end(), blob->data().write());
  blob->data().written();
}

inline std::vector<float> weights(const Net<float>& net) {
  std::vector<float> all(net.weights_count());
  net.read_weights(all.data());
  return all;
}

// Values that are neither equal nor symmetric.
inline std::vector<float> ramp(int64_t count) {
  std::vector<float> values(count);
  for (int64_t i = 0; i < count; ++i) {
    values[i] = 0.1f * static_cast<float>((i * 7) % 23) - 1;
  }
  return values;
}

}  // namespace test
}  // namespace caffe
