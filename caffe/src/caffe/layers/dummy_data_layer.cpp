#include "caffe/filler.hpp"
#include "caffe/layer_registry.hpp"
#include "caffe/layers/blob_shape.hpp"

namespace caffe {

// Tops made by fillers: constant ones once, at setup, others anew at every forward pass.
// dummy_data_param has one data_filler per top, one for all, or none (constant 0), and
// shapes likewise: `shape`, or the older num, channels, height and width.
template <typename T>
class DummyDataLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "DummyData"; }
  CountRange bottom_count() const override { return {0, 0}; }
  CountRange top_count() const override { return {1, -1}; }

  void reshape(const BlobVec<T>&, const BlobVec<T>& top) override {
    const DummyDataParameter& p = this->param_.dummy_data_param();
    for (int i = 0; i < static_cast<int>(top.size()); ++i) {
      if (p.shape_size() > 0) {
        top[i]->reshape(to_shape(p.shape(p.shape_size() == 1 ? 0 : i)));
      } else {
        top[i]->reshape(
            {pick(p.num(), i), pick(p.channels(), i), pick(p.height(), i), pick(p.width(), i)});
      }
      if (filler(i).type() == "constant") fill(filler(i), *this->random_, top[i]);
    }
  }

 protected:
  void layer_setup(const BlobVec<T>&, const BlobVec<T>& top) override {
    const DummyDataParameter& p = this->param_.dummy_data_param();
    const int tops = static_cast<int>(top.size());
    const auto check_size = [&](int given, const char* field) {
      this->check(given == 1 || given == tops, Code::kBadNet, "dummy_data_param.", field,
                  " must be given once or once per top: ", tops, " tops, ", given, " given");
    };
    if (p.data_filler_size() > 0) check_size(p.data_filler_size(), "data_filler");
    if (p.shape_size() > 0) {
      check_size(p.shape_size(), "shape");
      this->check(p.num_size() + p.channels_size() + p.height_size() + p.width_size() == 0,
                  Code::kBadNet, "give either shape or num, channels, height and width");
      return;
    }
    check_size(p.num_size(), "num");
    check_size(p.channels_size(), "channels");
    check_size(p.height_size(), "height");
    check_size(p.width_size(), "width");
  }

  void forward_pass(const BlobVec<T>&, const BlobVec<T>& top) override {
    for (int i = 0; i < static_cast<int>(top.size()); ++i) {
      if (filler(i).type() != "constant") fill(filler(i), *this->random_, top[i]);
    }
  }

  void backward_pass(const BlobVec<T>&, const std::vector<bool>&, const BlobVec<T>&) override {}

 private:
  static int64_t pick(const google::protobuf::RepeatedField<uint32_t>& list, int i) {
    return list.Get(list.size() == 1 ? 0 : i);
  }

  const FillerParameter& filler(int i) const {
    const DummyDataParameter& p = this->param_.dummy_data_param();
    if (p.data_filler_size() == 0) return FillerParameter::default_instance();
    return p.data_filler(p.data_filler_size() == 1 ? 0 : i);
  }
};

CAFFE_REGISTER_LAYER(DummyData, DummyDataLayer);

}  // namespace caffe
