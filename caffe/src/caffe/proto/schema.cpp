#include "caffe/proto/schema.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>

#include "caffe/error.hpp"
#include "caffe/proto/caffe_descriptor.hpp"

namespace caffe {
namespace {

namespace pb = google::protobuf;

class Schema {
 public:
  Schema() {
    pb::FileDescriptorSet files;
    require(files.ParseFromArray(kDescriptorSet, sizeof(kDescriptorSet)), Code::kInternal,
            "the built-in schema cannot be read");
    for (const pb::FileDescriptorProto& file : files.file()) pool_.BuildFile(file);
  }

  std::unique_ptr<pb::Message> create(const std::string& type) {
    const pb::Descriptor* descriptor = pool_.FindMessageTypeByName(type);
    require(descriptor != nullptr, Code::kInternal, "caffe.proto has no message ", type);
    return std::unique_ptr<pb::Message>(factory_.GetPrototype(descriptor)->New());
  }

 private:
  pb::DescriptorPool pool_;
  pb::DynamicMessageFactory factory_{&pool_};
};

}  // namespace

std::unique_ptr<pb::Message> describe(const pb::MessageLite& message) {
  // Never destroyed: messages that were made of it may outlive the program's static objects.
  static Schema* const schema = new Schema;
  return schema->create(message.GetTypeName());
}

}  // namespace caffe
