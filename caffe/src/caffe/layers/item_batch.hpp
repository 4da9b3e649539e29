// Batches of items that a DataTransformer makes.
#pragma once

#include <algorithm>

#include "caffe/data_transformer.hpp"
#include "caffe/layers/batch_layer.hpp"

namespace caffe {

// Shape of a batch whose items are like this one.
template <typename T>
Shape batch_shape(int64_t size, const Item& item, const DataTransformer<T>& transformer) {
  Shape shape = transformer.shape(item);
  shape.insert(shape.begin(), size);
  return shape;
}

// Transforms item i of `size` into a batch; the first one gives the shape. Throws kShape if a
// later one differs from it.
template <typename T>
void put_item(int64_t i, int64_t size, const Item& item, int label, DataTransformer<T>* transformer,
              Batch<T>* batch) {
  const Shape shape = batch_shape(size, item, *transformer);
  if (i == 0) {
    batch->shape = shape;
    batch->data.resize(product(shape));
    batch->labels.resize(size);
  }
  require(shape == batch->shape, Code::kShape, "an item of shape ",
          shape_string({shape[1], shape[2], shape[3]}), " in a batch of items of ",
          shape_string({batch->shape[1], batch->shape[2], batch->shape[3]}));
  transformer->transform(item, batch->data.data() + i * product(shape, 1, 4));
  batch->labels[i] = static_cast<T>(label);
}

}  // namespace caffe
