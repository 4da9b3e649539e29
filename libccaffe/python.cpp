// ccaffe.h, section "python".
#include "caffe/python_layer.hpp"
#include "handles.hpp"

using caffe::Code;
using ccaffe::guard;

namespace {

constexpr size_t kMessageSize = 2048;

std::vector<ccaffe_blob*> lend(ccaffe::Lender* lender, const caffe::BlobVec<float>& blobs,
                               const char* role) {
  std::vector<ccaffe_blob*> handles;
  for (size_t i = 0; i < blobs.size(); ++i) {
    ccaffe::BlobEntry entry;
    // The net owns it, and outlives the layer that owns the lender.
    entry.blob = std::shared_ptr<ccaffe::Blob>(std::shared_ptr<ccaffe::Blob>(), blobs[i]);
    entry.name = caffe::cat(role, " ", i);
    handles.push_back(lender->lend(std::move(entry)));
  }
  return handles;
}

void run(ccaffe_python_layer callback, void* context, const caffe::PythonCall& call) {
  if (call.state == nullptr) call.state = std::make_shared<ccaffe::Lender>();
  auto* lender = static_cast<ccaffe::Lender*>(call.state.get());
  caffe::LayerParameter param = call.param;
  param.set_phase(call.phase);
  const std::string bytes = param.SerializeAsString();
  const std::vector<ccaffe_blob*> bottoms = lend(lender, call.bottom, "bottom");
  const std::vector<ccaffe_blob*> tops = lend(lender, call.top, "top");
  const std::vector<int32_t> propagate(call.propagate_down.begin(), call.propagate_down.end());
  char message[kMessageSize] = "";
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
