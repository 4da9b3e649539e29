#include "caffe/threads.hpp"

#include <omp.h>

#include "caffe/error.hpp"

namespace caffe {

int threads_or_all(int threads) {
  require(threads >= 0 && threads <= 4096, Code::kInvalidArgument, "number of threads ", threads,
          " is not in 0..4096");
  return threads > 0 ? threads : omp_get_num_procs();
}

ThreadScope::ThreadScope(int threads) : saved_(omp_get_max_threads()) {
  if (threads > 0) omp_set_num_threads(threads);
}

ThreadScope::~ThreadScope() { omp_set_num_threads(saved_); }

}  // namespace caffe
