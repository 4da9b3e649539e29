#include "caffe/blob.hpp"

#include <algorithm>
#include <limits>

namespace caffe {

int64_t product(const Shape& shape, size_t first, size_t last) {
  int64_t result = 1;
  for (size_t i = first; i < last; ++i) {
    // INT64_MAX stands for what does not fit: only shapes of hostile files, on their way into a
    // message, come near.
    if (__builtin_mul_overflow(result, shape[i], &result)) return INT64_MAX;
  }
  return result;
}

std::string shape_string(const Shape& shape) {
  std::string text;
  for (int64_t extent : shape) text += std::to_string(extent) + " ";
  return text + "(" + std::to_string(product(shape)) + ")";
}

namespace {

// The number of elements, with bounds that keep later arithmetic on it safe: they hold for the
// product of any of the extents, also where another one is 0.
int64_t checked_count(const Shape& shape) {
  require(shape.size() <= static_cast<size_t>(kMaxBlobAxes), Code::kShape, "a blob has at most ",
          kMaxBlobAxes, " axes, not ", shape.size());
  int64_t count = 1;
  bool empty = false;
  for (int64_t extent : shape) {
    require(extent >= 0, Code::kShape, "extent ", extent, " of a blob is negative");
    empty = empty || extent == 0;
    require(!__builtin_mul_overflow(count, std::max<int64_t>(extent, 1), &count) &&
                count <= std::numeric_limits<int64_t>::max() / 64,
            Code::kShape, "a blob of this shape has too many elements");
  }
  return empty ? 0 : count;
}

}  // namespace

template <typename T>
Blob<T>::Blob(Shape shape)
    : shape_(std::move(shape)),
      count_(checked_count(shape_)),
      data_(std::make_shared<Storage<T>>(count_)),
      diff_(std::make_shared<Storage<T>>(count_)) {}

template <typename T>
void Blob<T>::reshape(const Shape& shape) {
  const int64_t count = checked_count(shape);
  const bool same_shape = shape == shape_;
  for (Storage<T>* storage : {data_.get(), diff_.get()}) {
    // A shared storage may have been resized through another blob already.
    if (storage->count() != static_cast<size_t>(count)) {
      storage->resize(count);
    } else if (!same_shape) {
      storage->keep_only_plain();
    }
  }
  if (same_shape) return;
  shape_ = shape;
  count_ = count;
  format_ = nullptr;
}

template <typename T>
int Blob<T>::canonical_axis(int axis) const {
  require(axis >= -num_axes() && axis < num_axes(), Code::kShape, "axis ", axis,
          " is out of range for a blob of shape ", shape_string(shape_));
  return axis < 0 ? axis + num_axes() : axis;
}

template <typename T>
int64_t Blob<T>::legacy_dim(int axis) const {
  require(num_axes() <= 4, Code::kShape,
          "num, channels, height and width need at most 4 axes, not ", shape_string(shape_));
  require(axis >= 0 && axis < 4, Code::kShape, "axis ", axis, " is not in 0..3");
  return axis < num_axes() ? shape_[axis] : 1;
}

template <typename T>
void Blob<T>::share_data(const Blob& other) {
  require(count_ == other.count_, Code::kShape, "shape ", shape_string(shape_),
          " cannot share the data of shape ", shape_string(other.shape_));
  other.data();
  data_ = other.data_;
}

template <typename T>
void Blob<T>::share_diff(const Blob& other) {
  require(count_ == other.count_, Code::kShape, "shape ", shape_string(shape_),
          " cannot share the diff of shape ", shape_string(other.shape_));
  other.diff();
  diff_ = other.diff_;
}

template <typename T>
void Blob<T>::refuse(const Storage<T>& storage) const {
  fail(Code::kState, "shape ", shape_string(shape_), " no longer fits its memory, of ",
       storage.count(),
       " values: it is shared with a blob that was reshaped; reshape the net first");
}

template class Blob<float>;
template class Blob<double>;

}  // namespace caffe
