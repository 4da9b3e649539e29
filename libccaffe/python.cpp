// ccaffe.h, section "python".
#include "caffe/python_layer.hpp"
#include "handles.hpp"

using caffe::Code;
using ccaffe::given;
using ccaffe::guard;

namespace {

constexpr size_t kMessageSize = 2048;

// The innermost step that runs on this thread: a step may build a net that has such layers too.
thread_local const caffe::PythonCall* g_running = nullptr;

ccaffe::Lender* lender_of(const caffe::PythonCall& call) {
  return static_cast<ccaffe::Lender*>(call.state.get());
}

class RunningStep {
 public:
  explicit RunningStep(const caffe::PythonCall& call) : outer_(g_running), call_(call) {
    g_running = &call;
    const caffe::PythonStep step = call.step;
    lender_of(call)->shape_tops(step == caffe::PythonStep::kSetup ||
                                step == caffe::PythonStep::kReshape ||
                                step == caffe::PythonStep::kForward);
  }
  ~RunningStep() {
    lender_of(call_)->shape_tops(false);
    g_running = outer_;
  }
  RunningStep(const RunningStep&) = delete;
  RunningStep& operator=(const RunningStep&) = delete;

 private:
  const caffe::PythonCall* outer_;
  const caffe::PythonCall& call_;
};

std::vector<ccaffe_blob*> lend(ccaffe::Lender* lender, const caffe::BlobVec<float>& blobs,
                               const char* role, ccaffe::Reshaping reshaping) {
  std::vector<ccaffe_blob*> handles;
  for (size_t i = 0; i < blobs.size(); ++i) {
    ccaffe::BlobEntry entry;
    // The net owns it, and outlives the layer that owns the lender.
    entry.blob = std::shared_ptr<ccaffe::Blob>(std::shared_ptr<ccaffe::Blob>(), blobs[i]);
    entry.name = caffe::cat(role, " ", i);
    entry.reshaping = reshaping;
    handles.push_back(lender->lend(std::move(entry)));
  }
  return handles;
}

void run(ccaffe_python_layer callback, void* context, const caffe::PythonCall& call) {
  if (call.state == nullptr) call.state = std::make_shared<ccaffe::Lender>();
  ccaffe::Lender* lender = lender_of(call);
  caffe::LayerParameter param = call.param;
  param.set_phase(call.phase);
  const std::string bytes = param.SerializeAsString();
  const std::vector<ccaffe_blob*> bottoms =
      lend(lender, call.bottom, "bottom", ccaffe::Reshaping::kOfBottom);
  const std::vector<ccaffe_blob*> tops = lend(lender, call.top, "top", ccaffe::Reshaping::kOfTop);
  const std::vector<int32_t> propagate(call.propagate_down.begin(), call.propagate_down.end());
  char message[kMessageSize] = "";
  const RunningStep running(call);
  const int32_t status = callback(context, static_cast<int32_t>(call.step), call.layer,
                                  bytes.data(), bytes.size(), static_cast<int32_t>(bottoms.size()),
                                  bottoms.data(), static_cast<int32_t>(tops.size()), tops.data(),
                                  propagate.data(), message, kMessageSize);
  message[kMessageSize - 1] = '\0';
  const std::string reason = message[0] == '\0' ? caffe::cat("status ", status) : message;
  caffe::require(status == 0, Code::kCallback, call.param.python_param().module(), ".",
                 call.param.python_param().layer(), ": ", reason);
}

}  // namespace

ccaffe_status ccaffe_set_python_layer(ccaffe_python_layer callback, void* context) {
  return guard([&] {
    if (callback == nullptr) {
      caffe::set_python_runner(nullptr);
      return;
    }
    caffe::set_python_runner(
        [callback, context](const caffe::PythonCall& call) { run(callback, context, call); });
  });
}

ccaffe_status ccaffe_python_add_param(int64_t layer, const int64_t* dims, int32_t num_axes,
                                      ccaffe_blob** blob) {
  return guard([&] {
    given(blob, "blob");
    const caffe::PythonCall* call = g_running;
    caffe::require(
        call != nullptr && call->layer == layer && call->step == caffe::PythonStep::kSetup,
        Code::kState, "Python layer ", layer,
        " is not in its setup: parameter blobs are added there, on the thread that runs it");
    ccaffe::BlobEntry entry;
    entry.blob = std::make_shared<ccaffe::Blob>(ccaffe::given_shape(dims, num_axes));
    entry.name =
        caffe::cat("parameter ", call->params.size(), " of layer '", call->param.name(), "'");
    entry.reshaping = ccaffe::Reshaping::kOfLayer;
    call->params.push_back(entry.blob);
    *blob = lender_of(*call)->lend(std::move(entry));
  });
}
