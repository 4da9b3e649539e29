#include "caffe/threads.hpp"

#include <omp.h>

#include <atomic>

#include "caffe/error.hpp"

namespace caffe {
namespace {

std::atomic<int> g_threads{0};

}  // namespace

void set_default_threads(int threads) {
  require(threads >= 0 && threads <= 4096, Code::kInvalidArgument, "number of threads ", threads,
          " is not in 0..4096");
  g_threads = threads;
}

int default_threads() {
  const int threads = g_threads;
  return threads > 0 ? threads : omp_get_num_procs();
}

ThreadScope::ThreadScope(int threads) : saved_(omp_get_max_threads()) {
  if (threads > 0) omp_set_num_threads(threads);
}

ThreadScope::~ThreadScope() { omp_set_num_threads(saved_); }

}  // namespace caffe
