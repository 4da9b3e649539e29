// ccaffe.h, section "spec".
#include <climits>
#include <memory>

#include "caffe/io.hpp"
#include "handles.hpp"

using caffe::Code;
using ccaffe::given;
using ccaffe::guard;

namespace {

void check_kind(int32_t kind) {
  caffe::require(kind == CCAFFE_SPEC_NET || kind == CCAFFE_SPEC_SOLVER, Code::kInvalidArgument,
                 "kind ", kind, " is neither CCAFFE_SPEC_NET nor CCAFFE_SPEC_SOLVER");
}

}  // namespace

ccaffe_status ccaffe_spec_from_file(int32_t kind, const char* filename, ccaffe_buffer** message) {
  return guard([&] {
    check_kind(kind);
    given(filename, "filename");
    given(message, "message");
    if (kind == CCAFFE_SPEC_NET) {
      caffe::NetParameter net;
      caffe::read_net_file(filename, &net);
      *message = ccaffe::add_buffer(net.SerializeAsString());
    } else {
      caffe::SolverParameter solver;
      caffe::read_solver_file(filename, &solver);
      *message = ccaffe::add_buffer(solver.SerializeAsString());
    }
  });
}

ccaffe_status ccaffe_spec_from_text(int32_t kind, const char* text, size_t size, const char* name,
                                    ccaffe_buffer** message) {
  return guard([&] {
    check_kind(kind);
    given(text, "text");
    given(message, "message");
    caffe::require(size <= INT_MAX, Code::kInvalidArgument, "size ", size, " is too large");
    const std::string origin = name == nullptr ? "the text" : name;
    if (kind == CCAFFE_SPEC_NET) {
      caffe::NetParameter net;
      caffe::parse_text({text, size}, origin, &net);
      caffe::upgrade_net(&net, origin);
      *message = ccaffe::add_buffer(net.SerializeAsString());
    } else {
      caffe::SolverParameter solver;
      caffe::parse_text({text, size}, origin, &solver);
      caffe::upgrade_solver(&solver, origin);
      *message = ccaffe::add_buffer(solver.SerializeAsString());
    }
  });
}

ccaffe_status ccaffe_spec_to_text(int32_t kind, const void* message, size_t size,
                                  ccaffe_buffer** text) {
  return guard([&] {
    check_kind(kind);
    given(message, "message");
    given(text, "text");
    std::unique_ptr<google::protobuf::MessageLite> parsed;
    if (kind == CCAFFE_SPEC_NET) {
      parsed = std::make_unique<caffe::NetParameter>();
    } else {
      parsed = std::make_unique<caffe::SolverParameter>();
    }
    caffe::parse_binary(message, size, "the message", parsed.get());
    *text = ccaffe::add_buffer(caffe::to_text(*parsed));
  });
}
