// ccaffe.h, section "net".
#include <algorithm>
#include <optional>
#include <set>

#include "caffe/io.hpp"
#include "caffe/random.hpp"
#include "handles.hpp"

using caffe::Code;
using ccaffe::check_index;
using ccaffe::given;
using ccaffe::guard;

ccaffe_status ccaffe_net_create(const void* net_param, size_t size, int32_t phase, int32_t threads,
                                int64_t seed, ccaffe_net** net) {
  return guard([&] {
    given(net_param, "net_param");
    given(net, "net");
    caffe::require(phase >= CCAFFE_PHASE_OF_NET && phase <= CCAFFE_PHASE_TEST,
                   Code::kInvalidArgument, "phase ", phase, " is unknown");
    caffe::NetParameter param;
    caffe::parse_binary(net_param, size, "the net's message", &param);
    if (phase != CCAFFE_PHASE_OF_NET) {
      param.mutable_state()->set_phase(phase == CCAFFE_PHASE_TRAIN ? caffe::TRAIN : caffe::TEST);
    }
    *net = ccaffe::add_net(
        std::make_unique<ccaffe::Net>(param, std::make_shared<caffe::Random>(seed), threads));
  });
}

ccaffe_status ccaffe_net_destroy(ccaffe_net* net) {
  return guard([&] { ccaffe::destroy(net); });
}

ccaffe_status ccaffe_net_describe(ccaffe_net* net, ccaffe_buffer** net_param) {
  return guard([&] {
    const auto locked = ccaffe::lock(net);
    given(net_param, "net_param");
    caffe::NetParameter param;
    locked->to_proto(&param, false);
    param.mutable_state()->set_phase(locked->phase());
    for (int blob : locked->input_blobs()) param.add_input(locked->blob_names()[blob]);
    *net_param = ccaffe::add_buffer(param.SerializeAsString());
  });
}

ccaffe_status ccaffe_net_plan(ccaffe_net* net, ccaffe_buffer** plan) {
  return guard([&] {
    const auto locked = ccaffe::lock_running(net);
    given(plan, "plan");
    *plan = ccaffe::add_buffer(caffe::to_lines(locked->plan()));
  });
}

ccaffe_status ccaffe_net_forward(ccaffe_net* net, int32_t first, int32_t last, float* loss) {
  return guard([&] {
    const auto locked = ccaffe::lock_running(net);
    const float result =
        locked->forward(std::max(first, 0), last < 0 ? locked->num_layers() - 1 : last);
    if (loss != nullptr) *loss = result;
  });
}

ccaffe_status ccaffe_net_backward(ccaffe_net* net, int32_t last, int32_t first) {
  return guard([&] {
    const auto locked = ccaffe::lock_running(net);
    locked->backward(last < 0 ? locked->num_layers() - 1 : last, std::max(first, 0));
  });
}

ccaffe_status ccaffe_net_clear_gradients(ccaffe_net* net) {
  return guard([&] { ccaffe::lock_idle(net)->clear_param_diffs(); });
}

ccaffe_status ccaffe_net_keep_gradients(ccaffe_net* net, int32_t keep) {
  return guard([&] { ccaffe::lock_idle(net)->keep_gradients(keep != 0); });
}

ccaffe_status ccaffe_net_keep_values(ccaffe_net* net, const int32_t* blobs, int32_t count) {
  return guard([&] {
    const auto locked = ccaffe::lock_idle(net);
    if (count < 0) return locked->keep_values(std::nullopt);
    if (count > 0) given(blobs, "blobs");
    std::set<int> kept;
    for (int32_t i = 0; i < count; ++i) {
      check_index(blobs[i], static_cast<int64_t>(locked->blobs().size()), "blob");
      kept.insert(blobs[i]);
    }
    locked->keep_values(std::move(kept));
  });
}

ccaffe_status ccaffe_net_reshape(ccaffe_net* net) {
  return guard([&] { ccaffe::lock_running(net)->reshape(); });
}

ccaffe_status ccaffe_net_num_blobs(ccaffe_net* net, int32_t* count) {
  return guard([&] {
    const auto locked = ccaffe::lock(net);
    *given(count, "count") = static_cast<int32_t>(locked->blobs().size());
  });
}

ccaffe_status ccaffe_net_blob(ccaffe_net* net, int32_t index, ccaffe_blob** blob) {
  return guard([&] {
    const auto locked = ccaffe::lock(net);
    given(blob, "blob");
    check_index(index, static_cast<int64_t>(locked->blobs().size()), "blob");
    *blob = ccaffe::lend_blob(locked,
                              {locked->blobs()[index], "blob '" + locked->blob_names()[index] + "'",
                               ccaffe::Reshaping::kAllowed, locked->threads()});
  });
}

ccaffe_status ccaffe_net_blob_name(ccaffe_net* net, int32_t index, const char** name) {
  return guard([&] {
    const auto locked = ccaffe::lock(net);
    given(name, "name");
    check_index(index, static_cast<int64_t>(locked->blobs().size()), "blob");
    *name = locked->blob_names()[index].c_str();
  });
}

ccaffe_status ccaffe_net_outputs(ccaffe_net* net, int32_t* indices, int32_t capacity,
                                 int32_t* count) {
  return guard([&] {
    const auto locked = ccaffe::lock(net);
    given(count, "count");
    const auto& outputs = locked->output_blobs();
    *count = static_cast<int32_t>(outputs.size());
    if (indices == nullptr) return;
    for (int32_t i = 0; i < std::min(capacity, *count); ++i) indices[i] = outputs[i];
  });
}

ccaffe_status ccaffe_net_num_layers(ccaffe_net* net, int32_t* count) {
  return guard([&] {
    const auto locked = ccaffe::lock(net);
    *given(count, "count") = locked->num_layers();
  });
}

ccaffe_status ccaffe_net_layer_name(ccaffe_net* net, int32_t layer, const char** name) {
  return guard([&] {
    const auto locked = ccaffe::lock(net);
    given(name, "name");
    check_index(layer, locked->num_layers(), "layer");
    *name = locked->layer(layer).name().c_str();
  });
}

ccaffe_status ccaffe_net_num_params(ccaffe_net* net, int32_t layer, int32_t* count) {
  return guard([&] {
    const auto locked = ccaffe::lock(net);
    given(count, "count");
    check_index(layer, locked->num_layers(), "layer");
    *count = static_cast<int32_t>(locked->layer(layer).blobs().size());
  });
}

ccaffe_status ccaffe_net_param(ccaffe_net* net, int32_t layer, int32_t index, ccaffe_blob** blob) {
  return guard([&] {
    const auto locked = ccaffe::lock(net);
    given(blob, "blob");
    check_index(layer, locked->num_layers(), "layer");
    const auto& blobs = locked->layer(layer).blobs();
    caffe::require(index >= 0 && index < static_cast<int64_t>(blobs.size()), Code::kInvalidArgument,
                   "layer '", locked->layer(layer).name(), "' has ", blobs.size(),
                   " parameter blobs; there is no blob ", index);
    *blob = ccaffe::lend_blob(
        locked, {blobs[index],
                 caffe::cat("parameter ", index, " of layer '", locked->layer(layer).name(), "'"),
                 ccaffe::Reshaping::kOfLayer, locked->threads()});
  });
}

ccaffe_status ccaffe_net_load(ccaffe_net* net, const char* filename, ccaffe_buffer** report) {
  return guard([&] {
    const auto locked = ccaffe::lock_idle(net);
    const std::string name = given(filename, "filename");
    const std::string text = locked->copy_trained_layers_from(name).text();
    if (report != nullptr) *report = ccaffe::add_buffer(text);
  });
}

ccaffe_status ccaffe_net_save(ccaffe_net* net, const char* filename) {
  return guard([&] { ccaffe::lock(net)->save(given(filename, "filename")); });
}
