#include <cmath>

#include "caffe/solvers/update_loop.hpp"

namespace caffe {
namespace {

// h = momentum*h + (1 - momentum)*g*g; u = g*sqrt((h2 + delta)/(h + delta));
// h2 = momentum*h2 + (1 - momentum)*u*u; the step is rate*u.
template <typename T>
inline __attribute__((always_inline)) void update(const UpdateChunk<T>& chunk, T rate, T momentum,
                                                  T delta) {
  update_elements(chunk, [=](T g, T* h, T* h2) {
    *h = momentum * *h + (1 - momentum) * g * g;
    const T u = g * std::sqrt((*h2 + delta) / (*h + delta));
    *h2 = momentum * *h2 + (1 - momentum) * u * u;
    return rate * u;
  });
}

CAFFE_CLONES void kernel(const UpdateChunk<float>& chunk, float rate, float momentum, float delta) {
  update(chunk, rate, momentum, delta);
}
CAFFE_CLONES void kernel(const UpdateChunk<double>& chunk, double rate, double momentum,
                         double delta) {
  update(chunk, rate, momentum, delta);
}

}  // namespace

template <typename T>
class AdaDeltaSolver : public Solver<T> {
 public:
  AdaDeltaSolver(const SolverParameter& param, int threads) : Solver<T>(param, threads, 2) {}
  const char* type() const override { return "AdaDelta"; }

 protected:
  void update_param(int id, T rate, T scale, T decay) override {
    const T momentum = this->param().momentum(), delta = this->param().delta();
    this->for_chunks(id, scale, decay,
                     [=](const UpdateChunk<T>& chunk) { kernel(chunk, rate, momentum, delta); });
  }
};

CAFFE_REGISTER_SOLVER(AdaDelta, AdaDeltaSolver);

}  // namespace caffe
