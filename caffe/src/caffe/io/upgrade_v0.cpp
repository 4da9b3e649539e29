#include <map>
#include <set>

#include "caffe/error.hpp"
#include "caffe/io/upgrade_old_layers.hpp"
#include "caffe/log.hpp"

namespace caffe {
namespace {

using V1 = V1LayerParameter;

V1::LayerType type_number(const std::string& type, const std::string& origin) {
  static const std::map<std::string, V1::LayerType> kTypes = {
      {"accuracy", V1::ACCURACY},
      {"bnll", V1::BNLL},
      {"concat", V1::CONCAT},
      {"conv", V1::CONVOLUTION},
      {"data", V1::DATA},
      {"dropout", V1::DROPOUT},
      {"euclidean_loss", V1::EUCLIDEAN_LOSS},
      {"flatten", V1::FLATTEN},
      {"hdf5_data", V1::HDF5_DATA},
      {"hdf5_output", V1::HDF5_OUTPUT},
      {"im2col", V1::IM2COL},
      {"images", V1::IMAGE_DATA},
      {"infogain_loss", V1::INFOGAIN_LOSS},
      {"innerproduct", V1::INNER_PRODUCT},
      {"lrn", V1::LRN},
      {"multinomial_logistic_loss", V1::MULTINOMIAL_LOGISTIC_LOSS},
      {"pool", V1::POOLING},
      {"relu", V1::RELU},
      {"sigmoid", V1::SIGMOID},
      {"softmax", V1::SOFTMAX},
      {"softmax_loss", V1::SOFTMAX_LOSS},
      {"split", V1::SPLIT},
      {"tanh", V1::TANH},
      {"window_data", V1::WINDOW_DATA},
  };
  const auto found = kTypes.find(type);
  require(found != kTypes.end(), Code::kBadNet, origin, ": unknown old layer type '", type, "'");
  return found->second;
}

// Gives the pad of `padding` layers to the layers that read them, and removes them.
void merge_padding(NetParameter* net, const std::string& origin) {
  std::map<std::string, V1*> padding;  // by top
  google::protobuf::RepeatedPtrField<V1> kept;
  for (V1& layer : *net->mutable_layers()) {
    const std::string& name = layer.layer().name();
    for (std::string& bottom : *layer.mutable_bottom()) {
      const auto found = padding.find(bottom);
      if (found == padding.end()) continue;
      const std::string& type = layer.layer().type();
      require((type == "conv" || type == "pool") && layer.bottom_size() == 1, Code::kBadNet, origin,
              ": layer '", name, "' reads a padding layer, which only conv and pool can");
      layer.mutable_layer()->set_pad(found->second->layer().pad());
      bottom = found->second->bottom(0);
    }
    if (layer.layer().type() != "padding") {
      for (const std::string& top : layer.top()) padding.erase(top);
      continue;
    }
    require(layer.bottom_size() == 1 && layer.top_size() == 1, Code::kBadNet, origin,
            ": padding layer '", name, "' needs one bottom and one top");
    padding[layer.top(0)] = &layer;
  }
  for (V1& layer : *net->mutable_layers()) {
    if (layer.layer().type() != "padding") *kept.Add() = layer;
  }
  net->mutable_layers()->Swap(&kept);
}

// One layer's move; fields that its type has no place for are told.
class Mover {
 public:
  Mover(const V0LayerParameter& old, V1* layer, const std::string& origin)
      : old_(old), layer_(layer), origin_(origin) {}

  void move() {
    move_learned();
    move_window();
    move_lrn();
    move_sources();
    if (old_.has_pool() && takes("pool", {"pool"})) {
      layer_->mutable_pooling_param()->set_pool(
          static_cast<PoolingParameter::PoolMethod>(static_cast<int>(old_.pool())));
    }
    if (old_.has_dropout_ratio() && takes("dropout_ratio", {"dropout"})) {
      layer_->mutable_dropout_param()->set_dropout_ratio(old_.dropout_ratio());
    }
    if (old_.has_concat_dim() && takes("concat_dim", {"concat"})) {
      layer_->mutable_concat_param()->set_concat_dim(old_.concat_dim());
    }
    if (old_.has_hdf5_output_param() && takes("hdf5_output_param", {"hdf5_output"})) {
      *layer_->mutable_hdf5_output_param() = old_.hdf5_output_param();
    }
    move_transform();
    move_detection();
  }

 private:
  bool is(const char* type) const { return old_.type() == type; }

  bool takes(const char* field, const std::set<std::string>& types) const {
    if (types.count(old_.type()) > 0) return true;
    log_warning(origin_, ": field ", field, " of layer '", old_.name(), "' (", old_.type(),
                ") has no meaning there and is dropped");
    return false;
  }

  void move_learned() {
    auto* conv = is("conv") ? layer_->mutable_convolution_param() : nullptr;
    auto* ip = is("innerproduct") ? layer_->mutable_inner_product_param() : nullptr;
#define CAFFE_MOVE_LEARNED(has, field, set)            \
  if (has && takes(field, {"conv", "innerproduct"})) { \
    if (conv != nullptr) conv->set;                    \
    if (ip != nullptr) ip->set;                        \
  }
    CAFFE_MOVE_LEARNED(old_.has_num_output(), "num_output", set_num_output(old_.num_output()))
    CAFFE_MOVE_LEARNED(old_.has_biasterm(), "biasterm", set_bias_term(old_.biasterm()))
    CAFFE_MOVE_LEARNED(old_.has_weight_filler(), "weight_filler",
                       mutable_weight_filler()->CopyFrom(old_.weight_filler()))
    CAFFE_MOVE_LEARNED(old_.has_bias_filler(), "bias_filler",
                       mutable_bias_filler()->CopyFrom(old_.bias_filler()))
#undef CAFFE_MOVE_LEARNED
    if (old_.has_group() && takes("group", {"conv"})) conv->set_group(old_.group());
  }

  // Lists in convolution_param, single values in pooling_param.
  void move_window() {
    auto* conv = is("conv") ? layer_->mutable_convolution_param() : nullptr;
    auto* pool = is("pool") ? layer_->mutable_pooling_param() : nullptr;
    if (old_.has_pad() && takes("pad", {"conv", "pool"})) {
      conv != nullptr ? conv->add_pad(old_.pad()) : pool->set_pad(old_.pad());
    }
    if (old_.has_kernelsize() && takes("kernelsize", {"conv", "pool"})) {
      conv != nullptr ? conv->add_kernel_size(old_.kernelsize())
                      : pool->set_kernel_size(old_.kernelsize());
    }
    if (old_.has_stride() && takes("stride", {"conv", "pool"})) {
      conv != nullptr ? conv->add_stride(old_.stride()) : pool->set_stride(old_.stride());
    }
  }

  void move_lrn() {
    if (old_.has_local_size() && takes("local_size", {"lrn"})) {
      layer_->mutable_lrn_param()->set_local_size(old_.local_size());
    }
    if (old_.has_alpha() && takes("alpha", {"lrn"})) {
      layer_->mutable_lrn_param()->set_alpha(old_.alpha());
    }
    if (old_.has_beta() && takes("beta", {"lrn"})) {
      layer_->mutable_lrn_param()->set_beta(old_.beta());
    }
    if (old_.has_k() && takes("k", {"lrn"})) layer_->mutable_lrn_param()->set_k(old_.k());
  }

  void move_sources() {
    if (old_.has_source() &&
        takes("source", {"data", "hdf5_data", "images", "window_data", "infogain_loss"})) {
      if (is("data")) layer_->mutable_data_param()->set_source(old_.source());
      if (is("hdf5_data")) layer_->mutable_hdf5_data_param()->set_source(old_.source());
      if (is("images")) layer_->mutable_image_data_param()->set_source(old_.source());
      if (is("window_data")) layer_->mutable_window_data_param()->set_source(old_.source());
      if (is("infogain_loss")) layer_->mutable_infogain_loss_param()->set_source(old_.source());
    }
    if (old_.has_batchsize() &&
        takes("batchsize", {"data", "hdf5_data", "images", "window_data"})) {
      const uint32_t size = old_.batchsize();
      if (is("data")) layer_->mutable_data_param()->set_batch_size(size);
      if (is("hdf5_data")) layer_->mutable_hdf5_data_param()->set_batch_size(size);
      if (is("images")) layer_->mutable_image_data_param()->set_batch_size(size);
      if (is("window_data")) layer_->mutable_window_data_param()->set_batch_size(size);
    }
    if (old_.has_rand_skip() && takes("rand_skip", {"data", "images"})) {
      if (is("data")) layer_->mutable_data_param()->set_rand_skip(old_.rand_skip());
      if (is("images")) layer_->mutable_image_data_param()->set_rand_skip(old_.rand_skip());
    }
    if (old_.has_shuffle_images() && takes("shuffle_images", {"images"})) {
      layer_->mutable_image_data_param()->set_shuffle(old_.shuffle_images());
    }
    if (old_.has_new_height() && takes("new_height", {"images"})) {
      layer_->mutable_image_data_param()->set_new_height(old_.new_height());
    }
    if (old_.has_new_width() && takes("new_width", {"images"})) {
      layer_->mutable_image_data_param()->set_new_width(old_.new_width());
    }
  }

  void move_transform() {
    if (old_.has_scale()) layer_->mutable_transform_param()->set_scale(old_.scale());
    if (old_.has_meanfile()) layer_->mutable_transform_param()->set_mean_file(old_.meanfile());
    if (old_.has_cropsize()) layer_->mutable_transform_param()->set_crop_size(old_.cropsize());
    if (old_.has_mirror()) layer_->mutable_transform_param()->set_mirror(old_.mirror());
  }

  void move_detection() {
    const std::set<std::string> window = {"window_data"};
    if (old_.has_det_fg_threshold() && takes("det_fg_threshold", window)) {
      layer_->mutable_window_data_param()->set_fg_threshold(old_.det_fg_threshold());
    }
    if (old_.has_det_bg_threshold() && takes("det_bg_threshold", window)) {
      layer_->mutable_window_data_param()->set_bg_threshold(old_.det_bg_threshold());
    }
    if (old_.has_det_fg_fraction() && takes("det_fg_fraction", window)) {
      layer_->mutable_window_data_param()->set_fg_fraction(old_.det_fg_fraction());
    }
    if (old_.has_det_context_pad() && takes("det_context_pad", window)) {
      layer_->mutable_window_data_param()->set_context_pad(old_.det_context_pad());
    }
    if (old_.has_det_crop_mode() && takes("det_crop_mode", window)) {
      layer_->mutable_window_data_param()->set_crop_mode(old_.det_crop_mode());
    }
  }

  const V0LayerParameter& old_;
  V1* layer_;
  const std::string& origin_;
};

}  // namespace

void upgrade_v0(NetParameter* net, const std::string& origin) {
  merge_padding(net, origin);
  for (V1& layer : *net->mutable_layers()) {
    const V0LayerParameter old = layer.layer();
    V1 moved;
    *moved.mutable_bottom() = layer.bottom();
    *moved.mutable_top() = layer.top();
    if (old.has_name()) moved.set_name(old.name());
    moved.set_type(type_number(old.type(), origin));
    *moved.mutable_blobs() = old.blobs();
    *moved.mutable_blobs_lr() = old.blobs_lr();
    *moved.mutable_weight_decay() = old.weight_decay();
    Mover(old, &moved, origin).move();
    layer = moved;
  }
}

}  // namespace caffe
