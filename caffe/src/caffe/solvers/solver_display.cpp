// What a solver logs: periodic tests and display lines.
#include "caffe/log.hpp"
#include "caffe/solver.hpp"

namespace caffe {

// One line per element of every output; losses show their weight too.
template <typename T>
void Solver<T>::display_outputs(const char* kind, const Net<T>& net,
                                const std::vector<double>& values) const {
  std::map<int, double> weights;  // by blob
  for (int i = 0; i < net.num_layers(); ++i) {
    for (size_t top = 0; top < net.top_ids(i).size(); ++top) {
      weights[net.top_ids(i)[top]] = net.layer(i).loss(static_cast<int>(top));
    }
  }
  size_t position = 0;
  for (int id : net.output_blobs()) {
    for (int64_t k = 0; k < net.blobs()[id]->count() && position < values.size(); ++k, ++position) {
      const double value = values[position], weight = weights[id];
      log_info("    ", kind, " net output #", position, ": ", net.blob_names()[id], " = ", value,
               weight != 0 ? cat(" (* ", weight, " = ", weight * value, " loss)") : "");
    }
  }
}

template <typename T>
void Solver<T>::display_train(T loss) const {
  log_info("Iteration ", iteration_, ", loss = ", loss);
  std::vector<double> values;
  for (int id : net_->output_blobs()) {
    const Blob<T>& blob = *net_->blobs()[id];
    values.insert(values.end(), blob.cpu_data(), blob.cpu_data() + blob.count());
  }
  display_outputs("Train", *net_, values);
}

template <typename T>
void Solver<T>::run_tests() {
  for (int i = 0; i < static_cast<int>(test_nets_.size()) && !stopped_; ++i) run_test(i);
}

template <typename T>
void Solver<T>::run_test(int i) {
  const int batches = param_.test_iter(i);
  log_info("Iteration ", iteration_, ", Testing net (#", i, ")");
  add_test_batches(i, batches, true);
  if (stopped_) {
    log_info("Test interrupted.");
    return;
  }
  std::vector<double> means;
  for (T sum : scores_) means.push_back(sum / batches);
  if (param_.test_compute_loss() && batches > 0) log_info("Test loss: ", test_loss_ / batches);
  display_outputs("Test", *test_nets_[i], means);
}

template class Solver<float>;
template class Solver<double>;

}  // namespace caffe
