// Blobs to and from protobuf.
#include <algorithm>
#include <cmath>
#include <limits>

#include "caffe/blob.hpp"
#include "caffe/proto/caffe.pb.h"

namespace caffe {
namespace {

void add_values(const float* values, int64_t count, BlobProto* proto, bool diff) {
  auto* field = diff ? proto->mutable_diff() : proto->mutable_data();
  field->Clear();
  field->Add(values, values + count);
}

void add_values(const double* values, int64_t count, BlobProto* proto, bool diff) {
  auto* field = diff ? proto->mutable_double_diff() : proto->mutable_double_data();
  field->Clear();
  field->Add(values, values + count);
}

bool is_legacy(const BlobProto& proto) {
  return proto.has_num() || proto.has_channels() || proto.has_height() || proto.has_width();
}

Shape shape_of(const BlobProto& proto) {
  if (is_legacy(proto)) return {proto.num(), proto.channels(), proto.height(), proto.width()};
  return Shape(proto.shape().dim().begin(), proto.shape().dim().end());
}

// Old files pad shapes to 4 axes with leading ones.
bool same_shape(const BlobProto& proto, const Shape& shape) {
  Shape ours = shape;
  if (is_legacy(proto) && ours.size() < 4) ours.insert(ours.begin(), 4 - ours.size(), 1);
  return shape_of(proto) == ours;
}

template <typename T, typename Field>
void take_values(const Field& field, Storage<T>* storage) {
  std::copy(field.begin(), field.end(), storage->write());
  storage->written();
}

}  // namespace

template <typename T>
void Blob<T>::to_proto(BlobProto* proto, bool write_diff) const {
  proto->Clear();
  proto->mutable_shape();  // also a scalar has a shape, of no axes
  for (int64_t extent : shape_) proto->mutable_shape()->add_dim(extent);
  add_values(cpu_data(), count_, proto, false);
  if (write_diff) add_values(cpu_diff(), count_, proto, true);
}

template <typename T>
void check_finite(const T* values, int64_t count) {
  int64_t bad = 0;
  for (int64_t i = 0; i < count; ++i)
    bad += !(std::fabs(values[i]) <= std::numeric_limits<T>::max());
  if (bad == 0) return;
  int64_t first = 0;
  while (std::isfinite(values[first])) ++first;
  fail(Code::kNumeric, "value ", first, " is ", values[first], "; ", bad, " of ", count,
       " values are not finite");
}

template <typename T>
void Blob<T>::check_proto(const BlobProto& proto) const {
  check_fit(proto);
  check_finite(proto.data().data(), proto.data_size());
  check_finite(proto.double_data().data(), proto.double_data_size());
}

template <typename T>
void Blob<T>::check_fit(const BlobProto& proto) const {
  require(same_shape(proto, shape_), Code::kShape, "shape ", shape_string(shape_of(proto)),
          " in the file does not equal shape ", shape_string(shape_), " here");
  const int values = proto.double_data_size() > 0 ? proto.double_data_size() : proto.data_size();
  require(values == count_, Code::kShape, "a blob of shape ", shape_string(shape_), " comes with ",
          values, " values");
  const int diffs = proto.double_diff_size() > 0 ? proto.double_diff_size() : proto.diff_size();
  require(diffs == 0 || diffs == count_, Code::kShape, "a blob of shape ", shape_string(shape_),
          " comes with ", diffs, " gradients");
}

template <typename T>
void Blob<T>::from_proto(const BlobProto& proto, bool reshape) {
  if (reshape) this->reshape(shape_of(proto));
  check_fit(proto);
  if (proto.double_data_size() > 0) {
    take_values(proto.double_data(), &data());
  } else {
    take_values(proto.data(), &data());
  }
  if (proto.double_diff_size() > 0) {
    take_values(proto.double_diff(), &diff());
  } else if (proto.diff_size() > 0) {
    take_values(proto.diff(), &diff());
  }
}

template void Blob<float>::to_proto(BlobProto*, bool) const;
template void Blob<double>::to_proto(BlobProto*, bool) const;
template void check_finite(const float*, int64_t);
template void check_finite(const double*, int64_t);
template void Blob<float>::check_proto(const BlobProto&) const;
template void Blob<double>::check_proto(const BlobProto&) const;
template void Blob<float>::check_fit(const BlobProto&) const;
template void Blob<double>::check_fit(const BlobProto&) const;
template void Blob<float>::from_proto(const BlobProto&, bool);
template void Blob<double>::from_proto(const BlobProto&, bool);

}  // namespace caffe
