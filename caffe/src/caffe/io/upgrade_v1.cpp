#include <map>

#include "caffe/error.hpp"
#include "caffe/io/upgrade_old_layers.hpp"

namespace caffe {
namespace {

const char* type_name(V1LayerParameter::LayerType type) {
  using V1 = V1LayerParameter;
  static const std::map<V1::LayerType, const char*> kNames = {
      {V1::NONE, ""},
      {V1::ABSVAL, "AbsVal"},
      {V1::ACCURACY, "Accuracy"},
      {V1::ARGMAX, "ArgMax"},
      {V1::BNLL, "BNLL"},
      {V1::CONCAT, "Concat"},
      {V1::CONTRASTIVE_LOSS, "ContrastiveLoss"},
      {V1::CONVOLUTION, "Convolution"},
      {V1::DATA, "Data"},
      {V1::DECONVOLUTION, "Deconvolution"},
      {V1::DROPOUT, "Dropout"},
      {V1::DUMMY_DATA, "DummyData"},
      {V1::ELTWISE, "Eltwise"},
      {V1::EUCLIDEAN_LOSS, "EuclideanLoss"},
      {V1::EXP, "Exp"},
      {V1::FLATTEN, "Flatten"},
      {V1::HDF5_DATA, "HDF5Data"},
      {V1::HDF5_OUTPUT, "HDF5Output"},
      {V1::HINGE_LOSS, "HingeLoss"},
      {V1::IM2COL, "Im2col"},
      {V1::IMAGE_DATA, "ImageData"},
      {V1::INFOGAIN_LOSS, "InfogainLoss"},
      {V1::INNER_PRODUCT, "InnerProduct"},
      {V1::LRN, "LRN"},
      {V1::MEMORY_DATA, "MemoryData"},
      {V1::MULTINOMIAL_LOGISTIC_LOSS, "MultinomialLogisticLoss"},
      {V1::MVN, "MVN"},
      {V1::POOLING, "Pooling"},
      {V1::POWER, "Power"},
      {V1::RELU, "ReLU"},
      {V1::SIGMOID, "Sigmoid"},
      {V1::SIGMOID_CROSS_ENTROPY_LOSS, "SigmoidCrossEntropyLoss"},
      {V1::SILENCE, "Silence"},
      {V1::SLICE, "Slice"},
      {V1::SOFTMAX, "Softmax"},
      {V1::SOFTMAX_LOSS, "SoftmaxWithLoss"},
      {V1::SPLIT, "Split"},
      {V1::TANH, "TanH"},
      {V1::THRESHOLD, "Threshold"},
      {V1::WINDOW_DATA, "WindowData"},
  };
  const auto found = kNames.find(type);
  require(found != kNames.end(), Code::kBadNet, "layer type number ", static_cast<int>(type),
          " is unknown");
  return found->second;
}

// Data layers had these four fields themselves before transform_param was made.
template <typename Data>
void move_transform(Data* data, TransformationParameter* transform) {
  if (data->has_scale()) transform->set_scale(data->scale());
  if (data->has_mean_file()) transform->set_mean_file(data->mean_file());
  if (data->has_crop_size()) transform->set_crop_size(data->crop_size());
  if (data->has_mirror()) transform->set_mirror(data->mirror());
  data->clear_scale();
  data->clear_mean_file();
  data->clear_crop_size();
  data->clear_mirror();
}

template <typename Data>
bool has_transform(const Data& data) {
  return data.has_scale() || data.has_mean_file() || data.has_crop_size() || data.has_mirror();
}

void move_transform(V1LayerParameter* layer) {
  if (layer->type() == V1LayerParameter::DATA && has_transform(layer->data_param())) {
    move_transform(layer->mutable_data_param(), layer->mutable_transform_param());
  } else if (layer->type() == V1LayerParameter::IMAGE_DATA &&
             has_transform(layer->image_data_param())) {
    move_transform(layer->mutable_image_data_param(), layer->mutable_transform_param());
  } else if (layer->type() == V1LayerParameter::WINDOW_DATA &&
             has_transform(layer->window_data_param())) {
    move_transform(layer->mutable_window_data_param(), layer->mutable_transform_param());
  }
}

ParamSpec* spec_at(LayerParameter* layer, int i) {
  while (layer->param_size() <= i) layer->add_param();
  return layer->mutable_param(i);
}

void move_specs(const V1LayerParameter& old, LayerParameter* layer) {
  for (int i = 0; i < old.param_size(); ++i) spec_at(layer, i)->set_name(old.param(i));
  for (int i = 0; i < old.blob_share_mode_size(); ++i) {
    spec_at(layer, i)->set_share_mode(
        static_cast<ParamSpec::DimCheckMode>(static_cast<int>(old.blob_share_mode(i))));
  }
  for (int i = 0; i < old.blobs_lr_size(); ++i) spec_at(layer, i)->set_lr_mult(old.blobs_lr(i));
  for (int i = 0; i < old.weight_decay_size(); ++i) {
    spec_at(layer, i)->set_decay_mult(old.weight_decay(i));
  }
}

void move_options(const V1LayerParameter& old, LayerParameter* layer) {
#define CAFFE_MOVE(field) \
  if (old.has_##field()) *layer->mutable_##field() = old.field()
  CAFFE_MOVE(accuracy_param);
  CAFFE_MOVE(argmax_param);
  CAFFE_MOVE(concat_param);
  CAFFE_MOVE(contrastive_loss_param);
  CAFFE_MOVE(convolution_param);
  CAFFE_MOVE(data_param);
  CAFFE_MOVE(dropout_param);
  CAFFE_MOVE(dummy_data_param);
  CAFFE_MOVE(eltwise_param);
  CAFFE_MOVE(exp_param);
  CAFFE_MOVE(hdf5_data_param);
  CAFFE_MOVE(hdf5_output_param);
  CAFFE_MOVE(hinge_loss_param);
  CAFFE_MOVE(image_data_param);
  CAFFE_MOVE(infogain_loss_param);
  CAFFE_MOVE(inner_product_param);
  CAFFE_MOVE(loss_param);
  CAFFE_MOVE(lrn_param);
  CAFFE_MOVE(memory_data_param);
  CAFFE_MOVE(mvn_param);
  CAFFE_MOVE(pooling_param);
  CAFFE_MOVE(power_param);
  CAFFE_MOVE(relu_param);
  CAFFE_MOVE(sigmoid_param);
  CAFFE_MOVE(slice_param);
  CAFFE_MOVE(softmax_param);
  CAFFE_MOVE(tanh_param);
  CAFFE_MOVE(threshold_param);
  CAFFE_MOVE(transform_param);
  CAFFE_MOVE(window_data_param);
#undef CAFFE_MOVE
}

}  // namespace

void upgrade_v1(NetParameter* net, const std::string& origin) {
  require(net->layer_size() == 0, Code::kBadNet, origin,
          ": `layer` and its old form `layers` exclude each other");
  for (V1LayerParameter& old : *net->mutable_layers()) {
    move_transform(&old);
    LayerParameter* layer = net->add_layer();
    if (old.has_name()) layer->set_name(old.name());
    layer->set_type(type_name(old.type()));
    *layer->mutable_bottom() = old.bottom();
    *layer->mutable_top() = old.top();
    *layer->mutable_include() = old.include();
    *layer->mutable_exclude() = old.exclude();
    *layer->mutable_loss_weight() = old.loss_weight();
    layer->mutable_blobs()->Swap(old.mutable_blobs());
    move_specs(old, layer);
    move_options(old, layer);
  }
  net->clear_layers();
}

}  // namespace caffe
