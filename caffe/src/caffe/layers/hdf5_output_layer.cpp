#include "caffe/io/hdf5_file.hpp"
#include "caffe/layer_registry.hpp"

namespace caffe {

// Writes its bottoms as datasets `data` and `label` of the file hdf5_output_param.file_name, as
// 4 axes each (num, channels, height, width; missing ones are 1). A file that is there is
// emptied at setup. Caffe makes the datasets at every forward pass, which works once: so there
// is one pass here too, after which the file is complete. dx = 0.
template <typename T>
class Hdf5OutputLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "HDF5Output"; }
  CountRange bottom_count() const override { return {2, 2}; }
  CountRange top_count() const override { return {0, 0}; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>&) override {
    this->check(bottom[0]->legacy_dim(0) == bottom[1]->legacy_dim(0), Code::kShape, "data has ",
                bottom[0]->legacy_dim(0), " items, and its labels are ", bottom[1]->legacy_dim(0));
  }

 protected:
  void layer_setup(const BlobVec<T>&, const BlobVec<T>&) override {
    const std::string& name = this->param_.hdf5_output_param().file_name();
    this->check(!name.empty(), Code::kBadNet, "needs hdf5_output_param.file_name");
    Hdf5File::create(name, name).close();
  }

  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>&) override {
    const std::string& name = this->param_.hdf5_output_param().file_name();
    this->check(!written_, Code::kState, "'", name,
                "' has its data already: a net with an HDF5Output layer runs forward once");
    Hdf5File file = Hdf5File::create(name, name);
    write("data", *bottom[0], &file);
    write("label", *bottom[1], &file);
    file.close();
    written_ = true;
  }

  void backward_pass(const BlobVec<T>&, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    for (size_t i = 0; i < bottom.size(); ++i) {
      if (propagate_down[i]) bottom[i]->diff().set_zero();
    }
  }

 private:
  static void write(const char* name, const Blob<T>& blob, Hdf5File* file) {
    Shape shape;
    for (int axis = 0; axis < 4; ++axis) shape.push_back(blob.legacy_dim(axis));
    file->write(name, shape, blob.cpu_data());
  }

  bool written_ = false;
};

CAFFE_REGISTER_LAYER(HDF5Output, Hdf5OutputLayer);

}  // namespace caffe
