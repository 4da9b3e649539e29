#include "caffe/io.hpp"
#include "caffe/solver.hpp"

namespace caffe {

template <typename T>
std::map<std::string, typename SolverRegistry<T>::Factory>& SolverRegistry<T>::factories() {
  static std::map<std::string, Factory> map;
  return map;
}

template <typename T>
std::unique_ptr<Solver<T>> create_solver(const SolverParameter& param, int threads) {
  SolverParameter current = param;
  upgrade_solver(&current, "the solver");
  const auto& factories = SolverRegistry<T>::factories();
  const auto found = factories.find(current.type());
  if (found != factories.end()) return found->second(current, threads);
  std::string known;
  for (const auto& entry : factories) known += (known.empty() ? "" : ", ") + entry.first;
  fail(Code::kBadNet, "unknown solver type '", current.type(), "' (known types: ", known, ")");
}

template class SolverRegistry<float>;
template class SolverRegistry<double>;
template std::unique_ptr<Solver<float>> create_solver<float>(const SolverParameter&, int);
template std::unique_ptr<Solver<double>> create_solver<double>(const SolverParameter&, int);

}  // namespace caffe
