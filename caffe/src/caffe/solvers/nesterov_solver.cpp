#include "caffe/solvers/update_loop.hpp"

namespace caffe {
namespace {

// h = momentum*h + rate*g; the step is (1 + momentum)*h - momentum*(h before).
template <typename T>
inline __attribute__((always_inline)) void update(const UpdateChunk<T>& chunk, T rate, T momentum) {
  update_elements(chunk, [=](T g, T* h, T*) {
    const T before = *h;
    *h = momentum * before + rate * g;
    return (1 + momentum) * *h - momentum * before;
  });
}

CAFFE_CLONES void kernel(const UpdateChunk<float>& chunk, float rate, float momentum) {
  update(chunk, rate, momentum);
}
CAFFE_CLONES void kernel(const UpdateChunk<double>& chunk, double rate, double momentum) {
  update(chunk, rate, momentum);
}

}  // namespace

template <typename T>
class NesterovSolver : public Solver<T> {
 public:
  NesterovSolver(const SolverParameter& param, int threads) : Solver<T>(param, threads, 1) {}
  const char* type() const override { return "Nesterov"; }

 protected:
  void update_param(int id, T rate, T scale, T decay) override {
    const T momentum = this->param().momentum();
    this->for_chunks(id, scale, decay,
                     [=](const UpdateChunk<T>& chunk) { kernel(chunk, rate, momentum); });
  }
};

CAFFE_REGISTER_SOLVER(Nesterov, NesterovSolver);

}  // namespace caffe
