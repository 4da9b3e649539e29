// ccaffe.h, section "library".
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>

#include "caffe/gpu_mode.hpp"
#include "caffe/layer_registry.hpp"
#include "caffe/log.hpp"
#include "caffe/threads.hpp"
#include "handles.hpp"

using caffe::Code;
using ccaffe::given;
using ccaffe::guard;

namespace ccaffe {
namespace {

thread_local std::string t_last_error;
thread_local bool t_no_memory_for_text = false;

}  // namespace

ccaffe_status record(Code code, const char* message) noexcept {
  try {
    t_last_error = message;
    t_no_memory_for_text = false;
  } catch (...) {
    t_no_memory_for_text = true;
  }
  return static_cast<ccaffe_status>(code);
}

}  // namespace ccaffe

const char* ccaffe_version(void) { return CCAFFE_VERSION; }

const char* ccaffe_last_error(void) {
  return ccaffe::t_no_memory_for_text ? "out of memory" : ccaffe::t_last_error.c_str();
}

ccaffe_status ccaffe_log_to(const char* filename, int32_t min_level) {
  return guard([&] {
    ccaffe::check_index(min_level, 4, "min_level");
    caffe::log_to(filename == nullptr ? "" : filename, static_cast<caffe::LogLevel>(min_level));
  });
}

ccaffe_status ccaffe_set_warning_callback(ccaffe_warning_callback callback, void* context) {
  return guard([&] {
    if (callback == nullptr) {
      caffe::warnings_to(nullptr);
      return;
    }
    caffe::warnings_to(
        [callback, context](const std::string& text) { callback(context, text.c_str()); });
  });
}

ccaffe_status ccaffe_set_working_directory(const char* path) {
  return guard([&] {
    const bool entered = ::chdir(given(path, "path")) == 0;
    caffe::require(entered, Code::kIo, "working directory '", path,
                   "' cannot be entered: ", std::strerror(errno));
  });
}

ccaffe_status ccaffe_default_threads(int32_t* threads) {
  return guard([&] { *given(threads, "threads") = caffe::threads_or_all(0); });
}

ccaffe_status ccaffe_set_gpu_mode(int32_t gpu) {
  return guard([&] {
    if (gpu != 0) caffe::ask_for_gpu();
  });
}

ccaffe_status ccaffe_set_device(int32_t device) {
  return guard([&] {
    ccaffe::check_index(device, std::numeric_limits<int32_t>::max(), "device");
    caffe::ask_for_gpu();
  });
}

ccaffe_status ccaffe_layer_types(ccaffe_buffer** names) {
  return guard([&] {
    given(names, "names");
    std::string text;
    for (const std::string& type : caffe::LayerRegistry<float>::types()) text += type + "\n";
    *names = ccaffe::add_buffer(text);
  });
}

ccaffe_status ccaffe_buffer_content(const ccaffe_buffer* buffer, const char** data, size_t* size) {
  return guard([&] {
    given(data, "data");
    given(size, "size");
    const auto content = ccaffe::content(buffer);
    *data = content->c_str();
    *size = content->size();
  });
}

ccaffe_status ccaffe_buffer_destroy(ccaffe_buffer* buffer) {
  return guard([&] { ccaffe::destroy(buffer); });
}
