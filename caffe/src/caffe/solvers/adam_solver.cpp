#include <cmath>

#include "caffe/solvers/update_loop.hpp"

namespace caffe {
namespace {

// h = beta1*h + (1 - beta1)*g; h2 = beta2*h2 + (1 - beta2)*g*g; the step is
// rate*h / (sqrt(h2) + delta), where rate includes the correction of the start bias.
template <typename T>
inline __attribute__((always_inline)) void update(const UpdateChunk<T>& chunk, T rate, T beta1,
                                                  T beta2, T delta) {
  update_elements(chunk, [=](T g, T* h, T* h2) {
    *h = beta1 * *h + (1 - beta1) * g;
    *h2 = beta2 * *h2 + (1 - beta2) * g * g;
    return rate * *h / (std::sqrt(*h2) + delta);
  });
}

CAFFE_CLONES void kernel(const UpdateChunk<float>& chunk, float rate, float beta1, float beta2,
                         float delta) {
  update(chunk, rate, beta1, beta2, delta);
}
CAFFE_CLONES void kernel(const UpdateChunk<double>& chunk, double rate, double beta1, double beta2,
                         double delta) {
  update(chunk, rate, beta1, beta2, delta);
}

}  // namespace

template <typename T>
class AdamSolver : public Solver<T> {
 public:
  AdamSolver(const SolverParameter& param, int threads) : Solver<T>(param, threads, 2) {}
  const char* type() const override { return "Adam"; }

 protected:
  void update_param(int id, T rate, T scale, T decay) override {
    const T beta1 = this->param().momentum(), beta2 = this->param().momentum2();
    const T delta = this->param().delta();
    const int n = this->iteration() + 1;
    const T corrected = rate * std::sqrt(1 - std::pow(beta2, T(n))) / (1 - std::pow(beta1, T(n)));
    this->for_chunks(id, scale, decay, [=](const UpdateChunk<T>& chunk) {
      kernel(chunk, corrected, beta1, beta2, delta);
    });
  }
};

CAFFE_REGISTER_SOLVER(Adam, AdamSolver);

}  // namespace caffe
