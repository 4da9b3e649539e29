#include <cmath>

#include "caffe/solvers/update_loop.hpp"

namespace caffe {
namespace {

// h = h + g*g; the step is rate*g / (sqrt(h) + delta).
template <typename T>
inline __attribute__((always_inline)) void update(const UpdateChunk<T>& chunk, T rate, T delta) {
  update_elements(chunk, [=](T g, T* h, T*) {
    *h += g * g;
    return rate * g / (std::sqrt(*h) + delta);
  });
}

CAFFE_CLONES void kernel(const UpdateChunk<float>& chunk, float rate, float delta) {
  update(chunk, rate, delta);
}
CAFFE_CLONES void kernel(const UpdateChunk<double>& chunk, double rate, double delta) {
  update(chunk, rate, delta);
}

}  // namespace

template <typename T>
class AdaGradSolver : public Solver<T> {
 public:
  AdaGradSolver(const SolverParameter& param, int threads) : Solver<T>(param, threads, 1) {
    require(param.momentum() == 0, Code::kBadNet, "solver type AdaGrad takes no momentum");
  }
  const char* type() const override { return "AdaGrad"; }

 protected:
  void update_param(int id, T rate, T scale, T decay) override {
    const T delta = this->param().delta();
    this->for_chunks(id, scale, decay,
                     [=](const UpdateChunk<T>& chunk) { kernel(chunk, rate, delta); });
  }
};

CAFFE_REGISTER_SOLVER(AdaGrad, AdaGradSolver);

}  // namespace caffe
