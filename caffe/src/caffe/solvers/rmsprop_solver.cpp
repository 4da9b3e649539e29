#include <cmath>

#include "caffe/solvers/update_loop.hpp"

namespace caffe {
namespace {

// h = decay*h + (1 - decay)*g*g; the step is rate*g / (sqrt(h) + delta).
template <typename T>
inline __attribute__((always_inline)) void update(const UpdateChunk<T>& chunk, T rate, T decay,
                                                  T delta) {
  update_elements(chunk, [=](T g, T* h, T*) {
    *h = decay * *h + (1 - decay) * g * g;
    return rate * g / (std::sqrt(*h) + delta);
  });
}

CAFFE_CLONES void kernel(const UpdateChunk<float>& chunk, float rate, float decay, float delta) {
  update(chunk, rate, decay, delta);
}
CAFFE_CLONES void kernel(const UpdateChunk<double>& chunk, double rate, double decay,
                         double delta) {
  update(chunk, rate, decay, delta);
}

}  // namespace

template <typename T>
class RmsPropSolver : public Solver<T> {
 public:
  RmsPropSolver(const SolverParameter& param, int threads) : Solver<T>(param, threads, 1) {
    require(param.momentum() == 0, Code::kBadNet, "solver type RMSProp takes no momentum");
    require(param.rms_decay() >= 0 && param.rms_decay() < 1, Code::kBadNet,
            "rms_decay must be in [0, 1), not ", param.rms_decay());
  }
  const char* type() const override { return "RMSProp"; }

 protected:
  void update_param(int id, T rate, T scale, T decay) override {
    const T rms_decay = this->param().rms_decay(), delta = this->param().delta();
    this->for_chunks(id, scale, decay,
                     [=](const UpdateChunk<T>& chunk) { kernel(chunk, rate, rms_decay, delta); });
  }
};

CAFFE_REGISTER_SOLVER(RMSProp, RmsPropSolver);

}  // namespace caffe
