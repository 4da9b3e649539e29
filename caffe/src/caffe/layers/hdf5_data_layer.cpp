#include <algorithm>
#include <fstream>
#include <numeric>

#include "caffe/io/hdf5_file.hpp"
#include "caffe/layer_registry.hpp"

namespace caffe {

// Batches from HDF5 files: top i is `batch_size` rows of the dataset of its name, which holds
// integers or floats and has as many rows as those of the other tops. hdf5_data_param.source
// lists files, set apart by blanks or lines; paths are relative to the working directory. After
// the last row of a file comes the first of the next, within a batch too. shuffle: files in
// another order at every pass, rows at every pass through their file. One file is in memory at
// a time.
template <typename T>
class Hdf5DataLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "HDF5Data"; }
  CountRange bottom_count() const override { return {0, 0}; }
  CountRange top_count() const override { return {1, -1}; }

  void reshape(const BlobVec<T>&, const BlobVec<T>& top) override {
    for (size_t i = 0; i < top.size(); ++i) {
      Shape shape = row_shapes_[i];
      shape.insert(shape.begin(), this->param_.hdf5_data_param().batch_size());
      top[i]->reshape(shape);
    }
  }

 protected:
  void layer_setup(const BlobVec<T>&, const BlobVec<T>&) override {
    const HDF5DataParameter& p = this->param_.hdf5_data_param();
    this->check(!this->param_.has_transform_param(), Code::kBadNet,
                "does not transform data: transform_param must not be given");
    this->check(p.batch_size() > 0, Code::kBadNet, "hdf5_data_param.batch_size must be positive");
    std::ifstream list(p.source());
    this->check(list.good(), Code::kIo, "the list of files '", p.source(), "' cannot be opened");
    for (std::string name; list >> name;) files_.push_back(name);
    this->check(!files_.empty(), Code::kBadNet, "the list '", p.source(), "' names no HDF5 file");
    file_order_ = order(files_.size());
    load();
  }

  void forward_pass(const BlobVec<T>&, const BlobVec<T>& top) override {
    const int64_t batch = this->param_.hdf5_data_param().batch_size();
    std::vector<T*> to;
    for (Blob<T>* blob : top) to.push_back(blob->data().write());
    for (int64_t k = 0; k < batch; ++k) {
      if (row_ == row_order_.size()) next_file();
      const int64_t row = row_order_[row_++];
      for (size_t i = 0; i < top.size(); ++i) {
        const int64_t size = product(row_shapes_[i]);
        std::copy_n(&values_[i][row * size], size, to[i] + k * size);
      }
    }
    for (Blob<T>* blob : top) blob->data().written();
  }

  void backward_pass(const BlobVec<T>&, const std::vector<bool>&, const BlobVec<T>&) override {}

 private:
  // 0..count-1, shuffled if that is wanted.
  std::vector<int64_t> order(size_t count) {
    std::vector<int64_t> numbers(count);
    std::iota(numbers.begin(), numbers.end(), 0);
    if (this->param_.hdf5_data_param().shuffle()) {
      std::shuffle(numbers.begin(), numbers.end(), this->random_->engine());
    }
    return numbers;
  }

  // A single file stays loaded.
  void next_file() {
    if (files_.size() == 1) {
      row_order_ = order(row_order_.size());
      row_ = 0;
      return;
    }
    if (++file_ == files_.size()) {
      file_ = 0;
      file_order_ = order(files_.size());
    }
    load();
  }

  void load() {
    const std::string& name = files_[file_order_[file_]];
    const Hdf5File file = Hdf5File::open(name);
    const bool first = row_shapes_.empty();
    std::vector<std::vector<T>> values;
    std::vector<Shape> shapes;
    int64_t rows = 0;
    for (const std::string& top : this->param_.top()) {
      Shape shape = file.shape(top);
      this->check(!shape.empty(), Code::kShape, "'", name, "': dataset '", top, "' has no rows");
      if (values.empty()) rows = shape[0];
      this->check(shape[0] > 0 && shape[0] == rows, Code::kShape, "'", name, "': dataset '", top,
                  "' has ", shape[0], " rows, and '", this->param_.top(0), "' has ", rows);
      values.emplace_back(product(shape));
      file.read(top, product(shape), values.back().data());
      shapes.emplace_back(shape.begin() + 1, shape.end());
      const size_t i = shapes.size() - 1;
      this->check(first || shapes[i] == row_shapes_[i], Code::kShape, "'", name, "': rows of '",
                  top, "' have the shape ", shape_string(shapes[i]), ", not ",
                  first ? "" : shape_string(row_shapes_[i]), " as in the files before");
    }
    values_ = std::move(values);
    row_shapes_ = std::move(shapes);
    row_order_ = order(rows);
    row_ = 0;
  }

  std::vector<std::string> files_;
  std::vector<int64_t> file_order_, row_order_;
  size_t file_ = 0, row_ = 0;           // places in these orders
  std::vector<Shape> row_shapes_;       // by top
  std::vector<std::vector<T>> values_;  // of the file's datasets, by top
};

CAFFE_REGISTER_LAYER(HDF5Data, Hdf5DataLayer);

}  // namespace caffe
