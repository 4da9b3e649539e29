#include "caffe/gpu_mode.hpp"

#include <atomic>

#include "caffe/log.hpp"

namespace caffe {

void ask_for_gpu() {
  static std::atomic<bool> warned{false};
  if (warned.exchange(true)) return;
  log_warning("GPU mode was asked for, but there is no GPU support here: running on the CPU");
}

}  // namespace caffe
