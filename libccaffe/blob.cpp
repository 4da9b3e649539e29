// ccaffe.h, section "blobs".
#include <algorithm>

#include "caffe/flat_copy.hpp"
#include "handles.hpp"

using caffe::Code;
using ccaffe::given;
using ccaffe::guard;

namespace {

// The values of the blob, as many as its shape says.
caffe::Storage<float>& part_of(const ccaffe::BlobEntry& entry, int32_t part) {
  caffe::require(part == CCAFFE_DATA || part == CCAFFE_DIFF, Code::kInvalidArgument, "part ", part,
                 " is neither CCAFFE_DATA nor CCAFFE_DIFF");
  caffe::Storage<float>* storage = nullptr;
  caffe::locate_errors([&] { return entry.name; },
                       [&] {
                         const bool data = part == CCAFFE_DATA;
                         storage = data ? &entry.blob->data() : &entry.blob->diff();
                       });
  return *storage;
}

void check_reshaping(const ccaffe::BlobEntry& entry, const ccaffe::Owner& owner,
                     const caffe::Shape& shape) {
  using ccaffe::Reshaping;
  if (entry.reshaping == Reshaping::kAllowed) check_idle(owner);
  if (shape == entry.blob->shape()) return;
  caffe::require(entry.reshaping != Reshaping::kOfLayer, Code::kState, entry.name,
                 " has the shape that its layer gives it; only activations can be reshaped");
  caffe::require(entry.reshaping != Reshaping::kOfBottom, Code::kState, entry.name,
                 " of a Python layer has the shape that another layer gives it");
  caffe::require(entry.reshaping != Reshaping::kOfTop || owner.shapes_tops, Code::kState,
                 entry.name, " can be reshaped in setup, reshape and forward of its layer alone");
}

void check_count(const ccaffe::BlobEntry& entry, int64_t count) {
  caffe::require(count == entry.blob->count(), Code::kShape, entry.name, " has shape ",
                 caffe::shape_string(entry.blob->shape()), ", but ", count, " values were given");
}

// Whether a net has values there that can be read.
void check_there(const ccaffe::BlobEntry& entry, const caffe::Storage<float>& storage,
                 int32_t part) {
  if (!storage.released()) return;
  caffe::fail(Code::kState, entry.name,
              part == CCAFFE_DATA
                  ? ": the last pass has left its values out, as its net was not asked to keep them"
                  : ": its gradient is gone, as its net does not keep them");
}

}  // namespace

ccaffe_status ccaffe_blob_shape(ccaffe_blob* blob, int64_t* dims, int32_t capacity,
                                int32_t* num_axes) {
  return guard([&] {
    const auto locked = ccaffe::lock(blob);
    given(num_axes, "num_axes");
    const caffe::Shape& shape = locked->blob->shape();
    *num_axes = static_cast<int32_t>(shape.size());
    if (dims == nullptr) return;
    std::copy_n(shape.begin(), std::max(0, std::min(capacity, *num_axes)), dims);
  });
}

ccaffe_status ccaffe_blob_reshape(ccaffe_blob* blob, const int64_t* dims, int32_t num_axes) {
  return guard([&] {
    const auto locked = ccaffe::lock(blob);
    const caffe::Shape shape = ccaffe::given_shape(dims, num_axes);
    check_reshaping(*locked, *locked.owner, shape);
    locked->blob->reshape(shape);
  });
}

ccaffe_status ccaffe_blob_pointer(ccaffe_blob* blob, int32_t part, float** values) {
  return guard([&] {
    const auto locked = ccaffe::lock(blob);
    const caffe::ThreadScope threads(locked->threads);
    given(values, "values");
    caffe::Storage<float>& storage = part_of(*locked, part);
    if (part == CCAFFE_DATA) check_there(*locked, storage, part);
    locked.owner->given_out.insert(part == CCAFFE_DATA ? locked->blob->data_ptr()
                                                       : locked->blob->diff_ptr());
    *values = storage.pin();
  });
}

ccaffe_status ccaffe_blob_read(ccaffe_blob* blob, int32_t part, float* values, int64_t count) {
  return guard([&] {
    const auto locked = ccaffe::lock(blob);
    const caffe::ThreadScope threads(locked->threads);
    given(values, "values");
    caffe::Storage<float>& storage = part_of(*locked, part);
    check_count(*locked, count);
    check_there(*locked, storage, part);
    caffe::read_flat(storage, count, values);
  });
}

ccaffe_status ccaffe_blob_write(ccaffe_blob* blob, int32_t part, const float* values,
                                int64_t count) {
  return guard([&] {
    const auto locked = ccaffe::lock(blob);
    const caffe::ThreadScope threads(locked->threads);
    given(values, "values");
    caffe::Storage<float>& storage = part_of(*locked, part);
    check_count(*locked, count);
    caffe::write_flat(values, count, &storage);
  });
}
