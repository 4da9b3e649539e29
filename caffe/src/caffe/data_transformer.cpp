#include "caffe/data_transformer.hpp"

#include "caffe/io.hpp"

namespace caffe {

template <typename T>
DataTransformer<T>::DataTransformer(const TransformationParameter& param, Phase phase,
                                    Random* seeds)
    : param_(param), phase_(phase), random_(0) {
  require(!param.has_mean_file() || param.mean_value_size() == 0, Code::kBadNet,
          "transform_param has both mean_file and mean_value");
  require(!param.force_color() || !param.force_gray(), Code::kBadNet,
          "transform_param has both force_color and force_gray");
  reseed(seeds);
  if (!param.has_mean_file()) return;
  BlobProto proto;
  read_binary_file(param.mean_file(), &proto);
  locate_errors([&] { return cat("mean_file '", param.mean_file(), "'"); },
                [&] {
                  Blob<T> mean;
                  mean.from_proto(proto, true);
                  mean_shape_ = mean.shape();
                  if (mean_shape_.size() == 4 && mean_shape_[0] == 1)
                    mean_shape_.erase(mean_shape_.begin());
                  require(mean_shape_.size() == 3, Code::kShape, "its shape is ",
                          shape_string(mean.shape()), ", not that of one item");
                  means_.assign(mean.cpu_data(), mean.cpu_data() + mean.count());
                });
}

template <typename T>
void DataTransformer<T>::reseed(Random* seeds) {
  const bool draws = param_.mirror() || (param_.crop_size() > 0 && phase_ == TRAIN);
  if (draws) random_.seed(seeds->draw_seed());
}

template <typename T>
ColorMode DataTransformer<T>::color_mode() const {
  if (param_.force_color()) return ColorMode::kColor;
  return param_.force_gray() ? ColorMode::kGray : ColorMode::kAsStored;
}

template <typename T>
Shape DataTransformer<T>::shape(const Item& item) const {
  const Shape whole{item.channels, item.height, item.width};
  require(mean_shape_.empty() || mean_shape_ == whole, Code::kShape, "mean_file '",
          param_.mean_file(), "' has shape ", shape_string(mean_shape_), ", but the item ",
          shape_string(whole));
  const int means = param_.mean_value_size();
  require(means <= 1 || means == item.channels, Code::kShape, "transform_param has ", means,
          " values mean_value, but the item ", item.channels, " channels");
  const int64_t crop = param_.crop_size();
  if (crop == 0) return whole;
  require(crop <= item.height && crop <= item.width, Code::kShape, "crop_size ", crop,
          " is larger than the item, ", item.height, "x", item.width);
  return {whole[0], crop, crop};
}

template <typename T>
void DataTransformer<T>::transform(const Item& item, T* values) {
  if (!item.bytes.empty()) {
    fill(item, reinterpret_cast<const uint8_t*>(item.bytes.data()), values);
  } else {
    fill(item, item.floats.data(), values);
  }
}

template <typename T>
CropPlace DataTransformer<T>::draw_place(const Item& item, const ImageSize& size) {
  CropPlace place{0, 0, param_.mirror() && random_.index(2) == 1 ? 1 : 0};
  if (param_.crop_size() > 0) {
    const bool anywhere = phase_ == TRAIN;
    const int rows = item.height - size.height, columns = item.width - size.width;
    place.top = anywhere ? static_cast<int>(random_.index(rows + 1)) : rows / 2;
    place.left = anywhere ? static_cast<int>(random_.index(columns + 1)) : columns / 2;
  }
  return place;
}

template <typename T>
template <typename V>
void DataTransformer<T>::fill(const Item& item, const V* from, T* values) {
  const Shape part = shape(item);
  const ImageSize size{static_cast<int>(part[1]), static_cast<int>(part[2])};
  const int given = param_.mean_value_size();
  std::vector<T> channels(given == 0 ? 0 : item.channels);
  for (size_t c = 0; c < channels.size(); ++c) {
    channels[c] = static_cast<T>(param_.mean_value(given == 1 ? 0 : static_cast<int>(c)));
  }
  const Means<T> means{means_.empty() ? nullptr : means_.data(),
                       channels.empty() ? nullptr : channels.data()};
  fill_crop(from, Crop{item.channels, item.height, item.width, size}, draw_place(item, size), means,
            static_cast<T>(param_.scale()), values);
}

template class DataTransformer<float>;
template class DataTransformer<double>;

}  // namespace caffe
