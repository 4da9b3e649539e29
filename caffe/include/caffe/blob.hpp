// Blob: an N-dimensional array of values and their gradients.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "caffe/error.hpp"
#include "caffe/storage.hpp"

namespace caffe {

class BlobProto;

using Shape = std::vector<int64_t>;

constexpr int kMaxBlobAxes = 32;

// Product of extents [first, last).
int64_t product(const Shape& shape, size_t first, size_t last);
inline int64_t product(const Shape& shape) { return product(shape, 0, shape.size()); }
// Throws kNumeric, telling the first value that is not finite.
template <typename T>
void check_finite(const T* values, int64_t count);
// "2 3 4 (24)", as Caffe prints shapes.
std::string shape_string(const Shape& shape);

// Values (data) and gradients (diff) in the order N, C, H, W for images. The
// storages may be shared with other blobs (Split, Reshape, parameters shared by name): when one of
// them is reshaped, the others have no memory of their shape until their layer reshapes them too.
template <typename T>
class Blob {
 public:
  Blob() : Blob(Shape{0}) {}
  explicit Blob(Shape shape);

  // Changes extents. Memory only grows; values survive in plain order if the count
  // does not grow.
  void reshape(const Shape& shape);
  const Shape& shape() const { return shape_; }
  int num_axes() const { return static_cast<int>(shape_.size()); }
  int64_t count() const { return count_; }
  // Product of extents of axes [first, last); last defaults to the end.
  int64_t count(int first) const { return product(shape_, first, shape_.size()); }
  int64_t count(int first, int last) const { return product(shape_, first, last); }
  int64_t dim(int axis) const { return shape_[canonical_axis(axis)]; }
  // Axis counted from the front; negative ones count from the end. Throws kShape.
  int canonical_axis(int axis) const;
  // Axis 0..3 of a blob with at most 4 axes; missing ones are 1 (Caffe's num,
  // channels, height, width).
  int64_t legacy_dim(int axis) const;

  // Throw kState while the memory, shared with a blob that was reshaped, is not that of this shape.
  Storage<T>& data() const { return checked(*data_); }
  Storage<T>& diff() const { return checked(*diff_); }
  const std::shared_ptr<Storage<T>>& data_ptr() const { return data_; }
  const std::shared_ptr<Storage<T>>& diff_ptr() const { return diff_; }
  // Uses the memory of another blob with as many elements.
  void share_data(const Blob& other);
  void share_diff(const Blob& other);

  // Plain-order shorthands.
  const T* cpu_data() const { return data().read(); }
  T* mutable_cpu_data() { return data().read_write(); }
  const T* cpu_diff() const { return diff().read(); }
  T* mutable_cpu_diff() { return diff().read_write(); }

  // The format that the layout pass chose for data and diff; null is plain.
  const FormatPtr& format() const { return format_; }
  void set_format(FormatPtr format) { format_ = std::move(format); }

  // To and from protobuf. from_proto with reshape false requires an equal shape (old
  // 4-axis shapes are equal when left-padded with ones) and throws kShape otherwise.
  void to_proto(BlobProto* proto, bool write_diff = false) const;
  void from_proto(const BlobProto& proto, bool reshape);
  // Throws what from_proto(proto, false) would, and kNumeric for a value that is not finite.
  // Changes nothing.
  void check_proto(const BlobProto& proto) const;

 private:
  void check_fit(const BlobProto& proto) const;
  Storage<T>& checked(Storage<T>& storage) const {
    if (storage.count() != static_cast<size_t>(count_)) refuse(storage);
    return storage;
  }
  [[noreturn]] void refuse(const Storage<T>& storage) const;

  Shape shape_;
  int64_t count_ = 0;
  std::shared_ptr<Storage<T>> data_;
  std::shared_ptr<Storage<T>> diff_;
  FormatPtr format_;
};

}  // namespace caffe
