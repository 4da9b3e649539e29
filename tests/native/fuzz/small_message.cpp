#include "small_message.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "caffe/proto/schema.hpp"

namespace caffe {
namespace fuzz {
namespace {

namespace pb = google::protobuf;

constexpr int kLimit = 16;
constexpr int kMaxRepeated = 5;
constexpr int64_t kExtreme = int64_t{1} << 30;

template <typename Integer>
Integer small(Integer value) {
  const auto wide = static_cast<int64_t>(value);
  if (wide >= -kLimit && wide <= kLimit) return value;
  if (wide >= kExtreme || wide <= -kExtreme) return value;
  return static_cast<Integer>(wide % kLimit);
}

bool names_file(const std::string& field) {
  static const std::set<std::string> kNames = {
      "source",  "mean_file", "file_name", "root_folder",     "net",        "train_net",
      "weights", "test_net",  "source_id", "snapshot_prefix", "learned_net"};
  return kNames.count(field) > 0;
}

void visit(pb::Message* message);

void visit_repeated(pb::Message* message, const pb::FieldDescriptor* field) {
  using Field = pb::FieldDescriptor;
  const pb::Reflection* reflection = message->GetReflection();
  const bool number = field->cpp_type() <= Field::CPPTYPE_UINT64;
  while (number && reflection->FieldSize(*message, field) > kMaxRepeated)
    reflection->RemoveLast(message, field);
  for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
    switch (field->cpp_type()) {
      case Field::CPPTYPE_INT32:
        reflection->SetRepeatedInt32(message, field, i,
                                     small(reflection->GetRepeatedInt32(*message, field, i)));
        break;
      case Field::CPPTYPE_INT64:
        reflection->SetRepeatedInt64(message, field, i,
                                     small(reflection->GetRepeatedInt64(*message, field, i)));
        break;
      case Field::CPPTYPE_UINT32:
        reflection->SetRepeatedUInt32(message, field, i,
                                      small(reflection->GetRepeatedUInt32(*message, field, i)));
        break;
      case Field::CPPTYPE_MESSAGE: visit(reflection->MutableRepeatedMessage(message, field, i));
      default: break;
    }
  }
}

void visit_single(pb::Message* message, const pb::FieldDescriptor* field) {
  using Field = pb::FieldDescriptor;
  const pb::Reflection* reflection = message->GetReflection();
  switch (field->cpp_type()) {
    case Field::CPPTYPE_INT32:
      return reflection->SetInt32(message, field, small(reflection->GetInt32(*message, field)));
    case Field::CPPTYPE_INT64:
      return reflection->SetInt64(message, field, small(reflection->GetInt64(*message, field)));
    case Field::CPPTYPE_UINT32:
      return reflection->SetUInt32(message, field, small(reflection->GetUInt32(*message, field)));
    case Field::CPPTYPE_MESSAGE: return visit(reflection->MutableMessage(message, field));
    default: break;
  }
}

void visit(pb::Message* message) {
  const pb::Reflection* reflection = message->GetReflection();
  std::vector<const pb::FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const pb::FieldDescriptor* field : fields) {
    if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING && names_file(field->name())) {
      reflection->ClearField(message, field);
    } else if (field->is_repeated()) {
      visit_repeated(message, field);
    } else {
      visit_single(message, field);
    }
  }
}

}  // namespace

void make_small(pb::MessageLite* message) {
  const std::unique_ptr<pb::Message> described = describe(*message);
  described->ParsePartialFromString(message->SerializePartialAsString());
  visit(described.get());
  message->ParsePartialFromString(described->SerializePartialAsString());
}

}  // namespace fuzz
}  // namespace caffe
